using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary>Lays beside the wheels what a person needs about those that failed: the log of each, and what its hints would do.</summary>
internal sealed class RebuildFailures(ILogTexts logs, IHints hints, string outputFolder)
{
    /// <summary>Writes <c>logs/NAME-VERSION.log</c> for each failed wheel and tells the wheel where it is.</summary>
    /// <exception cref="StartupException">The folder cannot be written.</exception>
    public async Task CollectAsync(IEnumerable<RebuildWheel> wheels, CancellationToken cancellationToken)
    {
        foreach (var wheel in wheels.Where(wheel => wheel.Status == "failed"))
        {
            if (wheel.Node.Version is { } version && await logs.OpenNewestAsync(wheel.Node.Name, version, cancellationToken) is { } text)
            {
                await using (text)
                {
                    wheel.LogPath = await WriteAsync(text, $"{wheel.Node.Name}-{version}.log", cancellationToken);
                }

                var matched = await hints.MatchAsync(await TailAsync(wheel.LogPath, cancellationToken), wheel.Node.Name, cancellationToken);
                wheel.Remedies = matched.Where(hint => wheel.Hints.Contains(hint.Id, StringComparer.Ordinal)).ToDictionary(hint => hint.Id, Remedy, StringComparer.Ordinal);
            }
        }
    }

    private static async Task<string> TailAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        file.Position = Math.Max(0, file.Length - IHints.TailBytes);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    private async Task<string> WriteAsync(Stream text, string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(outputFolder, "logs", name);
        try
        {
            Directory.CreateDirectory(Path.Combine(outputFolder, "logs"));
            await using var file = File.Create(path);
            await text.CopyToAsync(file, cancellationToken);
            return path;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"'{path}' cannot be written; a folder that may be written, with room in it, is expected.", fault);
        }
    }

    /// <summary>What a person would type, a command for each manager the hint knows; its note when it knows none.</summary>
    private static string Remedy(MatchedHint hint) => hint.Recipes.Count == 0 ? hint.Note : string.Join("; ", hint.Recipes.Select(recipe => recipe.Key switch
    {
        "apt" => $"apt-get install {string.Join(' ', recipe.Value)}",
        "env" => $"set {string.Join(' ', recipe.Value)}",
        _ => $"{recipe.Key} install {string.Join(' ', recipe.Value)}",
    }));
}
