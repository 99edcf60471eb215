using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>
/// The texts of hosts that share a database: they are in the database, and the archive of each machine is its copy and index of all of
/// them. What others store is taken in behind the last log that was.
/// </summary>
internal sealed partial class SharedTexts(
    Database database, LogStore store, LogBodies bodies, HeldTexts held, LogDrafts drafts, TimeProvider clock, ILogger<SharedTexts> logger) : ITextKeeper
{
    private const string Stored = "log.stored";
    private const int PageSize = 500;

    /// <summary>Texts that are looked for again; what is missing beyond that is found by the next start.</summary>
    private const int MostMissing = 10_000;

    /// <summary>After this a search answers from what is here.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Lazy<Task<TextPlace?>>> fetching = new(StringComparer.Ordinal);
    private readonly AsyncSignal wanted = new();
    private readonly AsyncSignal advanced = new();
    private readonly HashSet<string> missing = new(StringComparer.Ordinal);
    private long taken;

    /// <summary>Ends when there may be something to take in. Taken before looking.</summary>
    public Task Wanted => wanted.Next;

    public Task LoadAsync(CancellationToken cancellationToken)
    {
        database.Notices.Hear(Stored, _ => wanted.Pulse());
        held.Load();
        return Task.CompletedTask;
    }

    public async Task<TextPlace> KeepAsync(string sha256, LogDraft draft)
    {
        var placing = held.AddAsync(sha256, draft);
        await Task.WhenAll(placing, bodies.StoreAsync(sha256, draft));
        return await placing;
    }

    public Task JoinAsync(SqlSession sql, string sha256, TextPlace place)
    {
        sql.Tell(Stored);
        return Task.CompletedTask;
    }

    public async Task<TextPlace?> FindAsync(string sha256, CancellationToken cancellationToken)
    {
        if (held.Find(sha256) is { } place)
        {
            return place;
        }

        // One for all who ask, so it ends with none of them.
        var mine = fetching.GetOrAdd(sha256, wantedText => new Lazy<Task<TextPlace?>>(() => FetchAsync(wantedText)));
        try
        {
            return await mine.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            fetching.TryRemove(KeyValuePair.Create(sha256, mine));
        }
    }

    public async Task<IReadOnlyList<LogRow>> ListOlderAsync(LogCursor cursor, int limit, CancellationToken cancellationToken) =>
        [.. (await store.ListOlderAsync(cursor, limit, cancellationToken)).Select(Placed)];

    public async Task<bool> CatchUpAsync(CancellationToken cancellationToken)
    {
        var end = await store.LastSequenceAsync(cancellationToken);
        var started = clock.GetTimestamp();
        while (true)
        {
            var next = advanced.Next;
            if (Volatile.Read(ref taken) >= end)
            {
                return true;
            }

            wanted.Pulse();
            var left = Patience - clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || !await IsInTimeAsync(next, left, cancellationToken))
            {
                return false;
            }
        }
    }

    /// <summary>Takes in the texts of the next logs. False when there are none. For one caller at a time.</summary>
    public async Task<bool> TakeInAsync(CancellationToken cancellationToken)
    {
        var page = await store.ListDigestsAsync(taken, PageSize, cancellationToken);
        if (page.Count == 0)
        {
            return false;
        }

        // Few at once: they share the readers' connections.
        var fresh = page.Select(log => log.Sha256).Distinct(StringComparer.Ordinal).Where(sha256 => held.Find(sha256) is null);
        await Parallel.ForEachAsync(fresh, new ParallelOptions { MaxDegreeOfParallelism = 3, CancellationToken = cancellationToken }, TakeInAsync);
        Volatile.Write(ref taken, page[^1].Sequence);
        advanced.Pulse();
        return true;
    }

    /// <summary>Looks again for texts that were not in the database: another machine may have shared them since.</summary>
    public async Task TryAgainAsync(CancellationToken cancellationToken)
    {
        string[] again;
        lock (missing)
        {
            again = [.. missing.Take(PageSize)];
        }

        foreach (var sha256 in again)
        {
            if (await FindAsync(sha256, cancellationToken) is not null)
            {
                lock (missing)
                {
                    missing.Remove(sha256);
                }
            }
        }
    }

    /// <summary>Shares the texts that lie here, that logs name and that the database has not: from before texts were shared, or it lost them.</summary>
    public async Task ShareOwnAsync(LogArchive archive, CancellationToken cancellationToken)
    {
        var after = string.Empty;
        while (await store.ListWithoutBodyAsync(after, PageSize, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var sha256 in page)
            {
                if (held.Find(sha256) is { } place && archive.Find(place.Segment) is { } segment)
                {
                    using var draft = drafts.New();
                    await using var text = new TextStream(segment, place);
                    await draft.AppendAsync(text, cancellationToken);
                    await (Convert.ToHexStringLower(draft.Sha256) == sha256 ? bodies.StoreAsync(sha256, draft) : Task.CompletedTask);
                }
            }

            after = page[^1];
        }
    }

    private async ValueTask TakeInAsync(string sha256, CancellationToken cancellationToken)
    {
        if (await FindAsync(sha256, cancellationToken) is null)
        {
            LogMissing(logger, sha256);
            lock (missing)
            {
                _ = missing.Count < MostMissing && missing.Add(sha256);
            }
        }
    }

    private async Task<TextPlace?> FetchAsync(string sha256)
    {
        using var draft = drafts.New();
        return await bodies.ReadAsync(sha256, draft.Append, CancellationToken.None) && Convert.ToHexStringLower(draft.Sha256) == sha256
            ? await held.AddAsync(sha256, draft)
            : null;
    }

    private LogRow Placed(LogRow log) => held.Find(log.Sha256) is { } place ? log with { Segment = place.Segment, Position = place.Offset } : log;

    private async Task<bool> IsInTimeAsync(Task task, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(time, clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "A log names the text {Sha256}, which is not whole in the database; searches on this host pass over it until it is.")]
    private static partial void LogMissing(ILogger logger, string sha256);
}
