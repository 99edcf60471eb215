using System.Text.Json;
using Refinery.Host.Proxy;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary>Writes what a rebuild made: the wheels, then manifest.json over them.</summary>
internal sealed class RebuildOutput(IArtifacts artifacts, string folder)
{
    private static readonly JsonSerializerOptions Indented = new(RefineryJson.Options) { WriteIndented = true };

    /// <summary>Makes the folder before the work, so that nobody builds for an hour and then cannot write.</summary>
    /// <exception cref="StartupException">It cannot be made or written.</exception>
    public void MakeFolder()
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The folder '{folder}' of --out cannot be made; a folder that may be written is expected.", fault);
        }

        if (!FolderCheck.CanWrite(folder))
        {
            throw new StartupException($"The folder '{folder}' of --out cannot be written; a folder that may be written is expected.");
        }
    }

    public async Task WriteAsync(IReadOnlyList<RebuildWheel> wheels, string runId, CancellationToken cancellationToken)
    {
        foreach (var wheel in wheels.Where(wheel => wheel.IsGood))
        {
            if (wheel is { Sha256: { } sha256, FileName: { } fileName })
            {
                await using var content = await OpenAsync(sha256, fileName, cancellationToken);
                await WriteWholeAsync(Path.Combine(folder, fileName), content, cancellationToken);
            }
        }

        var entries = wheels.Where(wheel => wheel.Node.Action != "skip").Select(wheel => wheel.Entry(runId));
        using var manifest = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(entries, Indented));
        await WriteWholeAsync(Path.Combine(folder, "manifest.json"), manifest, cancellationToken);
    }

    private async Task<Stream> OpenAsync(string sha256, string fileName, CancellationToken cancellationToken)
    {
        try
        {
            return await artifacts.OpenAsync(sha256, cancellationToken) ?? throw new FileNotFoundException("It was stored and is not there.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The stored wheel {fileName} is gone from the artifact store or cannot be read; rebuild --force makes it again.", fault);
        }
    }

    /// <summary>Under a temporary name first, so that no reader and no interruption leaves half a file.</summary>
    private static async Task WriteWholeAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        var half = path + ".part";
        try
        {
            await using (var file = File.Create(half))
            {
                await content.CopyToAsync(file, cancellationToken);
            }

            File.Move(half, path, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"'{path}' cannot be written; a folder that may be written, with room in it, is expected.", fault);
        }
        finally
        {
            // Deleting in a folder that is gone would throw and hide the sentence.
            if (File.Exists(half))
            {
                File.Delete(half);
            }
        }
    }
}
