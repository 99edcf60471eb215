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
        var log = made is [.., var last] ? await logs.ReadEndAsync(PlaceOf(build, last), last.LogSha256, logLines, cancellationToken) : null;
        return BuildDetail.Of(build, made, log ?? string.Empty);
    }

    /// <summary>Of an attempt that came to its end at a pod that told of no log, the newest one of its version is the best guess.</summary>
    private static LogKey PlaceOf(BuildRow build, AttemptRow attempt)
    {
        var own = LogPlace.Of(build, attempt.AttemptNumber);
        return attempt is { EndedAt: not null, Status: not "invalidated" } ? own with { StepId = null } : own;
    }
}
