using System.Globalization;
using Refinery.Kernel.Work;

namespace Refinery.Builds.Records;

/// <summary>Puts one build together: its row, its attempts, the end of its log.</summary>
internal sealed class BuildReader(BuildStore builds, AttemptStore attempts, ILogTexts logs)
{
    private const int DefaultLines = 50;
    private const int MaxLines = 1000;

    /// <summary>The lines of log that are asked for.</summary>
    public static int Lines(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MaxLines ? number : DefaultLines;

    /// <summary>The build, or null.</summary>
    public async Task<BuildDetail?> ReadAsync(string buildId, int logLines, CancellationToken cancellationToken)
    {
        if (await builds.FindAsync(buildId, cancellationToken) is not { } build)
        {
            return null;
        }

        var made = await attempts.ListAsync(build.StepId, cancellationToken);
        var log = made.Count == 0
            ? null
            : await logs.ReadEndAsync(LogPlace.Of(build, made[^1].AttemptNumber), made[^1].LogSha256, logLines, cancellationToken);
        return BuildDetail.Of(build, made, log ?? string.Empty);
    }
}
