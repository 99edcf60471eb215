using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Finds the log a reader means, stored or being written.</summary>
internal sealed class LogReader(
    LogStore store, ITextKeeper texts, LogArchive archive, LiveLogs live, LiveElsewhere elsewhere, TimeProvider clock, IHostApplicationLifetime lifetime) : ILogTexts
{
    private const int LongestEnd = 256 << 10;

    public async Task<Stream?> OpenNewestAsync(string name, string version, CancellationToken cancellationToken) =>
        (await FindAsync(new LogTarget(name, version, Attempt: null), cancellationToken))?.Text;

    /// <summary>The newest stored log, or null.</summary>
    public async Task<FoundLog?> FindAsync(LogTarget target, CancellationToken cancellationToken) =>
        await OpenAsync(await store.FindNewestAsync(target.NormalizedName, target.Version, target.Attempt, cancellationToken), cancellationToken);

    /// <summary>The newest stored log of a version that has this text, or null.</summary>
    public async Task<FoundLog?> FindAsync(LogTarget target, string sha256, CancellationToken cancellationToken) =>
        await OpenAsync(await store.FindOfTextAsync(target, sha256, cancellationToken), cancellationToken);

    /// <summary>Where a follower begins: behind the line it saw last, else at the start of the log being written, else of the newest stored one. Null when there is none.</summary>
    public async Task<LogPosition?> BeginAsync(LogTarget target, LogPosition? seen, CancellationToken cancellationToken)
    {
        if (seen is not null && (live.Find(seen.LogId) is not null || await store.FindAsync(seen.LogId, cancellationToken) is not null
            || await elsewhere.HasAsync(seen.LogId, cancellationToken)))
        {
            return seen;
        }

        var here = live.FindNewest(target.NormalizedName, target.Version, target.Attempt)?.Log.LogId;
        var there = await FindElsewhereAsync(target, here, cancellationToken);
        var logId = Newer(here, there)
            ?? (await store.FindNewestAsync(target.NormalizedName, target.Version, target.Attempt, cancellationToken))?.LogId;
        if (logId == seen?.LogId)
        {
            // Not found above, and stored or shown again by its host since.
            return seen;
        }

        return logId is null ? null : new LogPosition(logId, Line: 0);
    }

    /// <summary>The newest log that another host writes. One that is written here is followed also while the database is away.</summary>
    private async Task<string?> FindElsewhereAsync(LogTarget target, string? here, CancellationToken cancellationToken)
    {
        try
        {
            return await elsewhere.FindNewestAsync(target, cancellationToken);
        }
        catch (DatabaseUnavailableException) when (here is not null)
        {
            return null;
        }
    }

    /// <summary>Sends the lines behind the position until the log is complete, the reader leaves or the process stops.</summary>
    public async Task FollowAsync(LogPosition position, HttpResponse response)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(response.HttpContext.RequestAborted, lifetime.ApplicationStopping);
        var follow = new LogFollow(EventStream.Begin(response), position, clock);
        try
        {
            if (live.Find(position.LogId) is not { } writing || !await follow.SendAsync(writing, ended.Token))
            {
                await FollowStoredAsync(follow, position.LogId, ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader comes back with its last id.
        }
    }

    public async Task<string?> ReadEndAsync(LogKey key, string? sha256, int lines, CancellationToken cancellationToken)
    {
        if (sha256 is not null)
        {
            return await OpenAsync(sha256, cancellationToken) is { } known ? End(known, lines) : null;
        }

        var target = new LogTarget(key.Name, key.Version, key.Attempt);
        var own = key.StepId is { } stepId ? live.Find(stepId, key.Attempt) : null;
        if ((own ?? live.FindNewest(target.NormalizedName, target.Version, target.Attempt)) is { } writing && (writing == own || writing.Log.StepId is null))
        {
            return LastLines.Of(writing.Tail(LongestEnd), lines);
        }

        if (await elsewhere.TailAsync(target, key.StepId, LongestEnd, cancellationToken) is { } tail)
        {
            return LastLines.Of(tail, lines);
        }

        return key.StepId is null && await FindAsync(target, cancellationToken) is { } found ? End(found.Text, lines) : null;
    }

    /// <summary>A log that is not written here: it is stored, or another host writes it.</summary>
    private async Task FollowStoredAsync(LogFollow follow, string logId, CancellationToken cancellationToken)
    {
        var sent = await store.FindAsync(logId, cancellationToken) is null ? await follow.SendAsync(elsewhere, cancellationToken) : 0;
        var stored = await OpenAsync(await store.FindAsync(logId, cancellationToken), cancellationToken);
        if (stored is not null || sent == 0)
        {
            await follow.SendAsync(stored?.Text ?? Stream.Null, sent, cancellationToken);
        }

        // Else its host died or gave it up; should that bring the log back, the reader goes on there with its last id.
    }

    /// <summary>Ids begin with their time.</summary>
    private static string? Newer(string? one, string? other) => string.CompareOrdinal(one, other) >= 0 ? one : other;

    private static string End(Stream text, int lines)
    {
        var bytes = new byte[Math.Min(text.Length, LongestEnd + 1)];
        text.Seek(-bytes.Length, SeekOrigin.End);
        text.ReadExactly(bytes);
        return LastLines.Of(LastLines.WholeLines(bytes, LongestEnd), lines);
    }

    private async Task<Stream?> OpenAsync(string sha256, CancellationToken cancellationToken) =>
        await texts.FindAsync(sha256, cancellationToken) is { } place && archive.Find(place.Segment) is { } segment ? new TextStream(segment, place) : null;

    private async Task<FoundLog?> OpenAsync(LogRow? log, CancellationToken cancellationToken) =>
        log is not null && await OpenAsync(log.Sha256, cancellationToken) is { } text ? new FoundLog(log, text) : null;
}

/// <summary>A stored log and its text.</summary>
internal sealed record FoundLog(LogRow Log, Stream Text);
