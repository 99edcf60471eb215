using System.Collections.Concurrent;
using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>Stores logs: the text, once however often it comes, then the row and its event.</summary>
internal sealed class LogIntake(Database database, ITextKeeper texts, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<TextPlace>>> placing = new(StringComparer.Ordinal);

    /// <summary>Stores a finished draft. When this returns the log is durable, findable and in the journal.</summary>
    /// <remarks>Not cancellable: a client that leaves after its last byte has sent a whole log.</remarks>
    public async Task<StoredLogRow> StoreAsync(NewLog log, LogDraft draft)
    {
        var text = LogText.Of(draft);
        var stored = new StoredLogRow(log, text, Instant.Truncate(log.Timestamp ?? clock.GetUtcNow()));

        // The row must be committed before the entry goes: who comes next looks there.
        var mine = placing.GetOrAdd(text.Sha256, sha256 => new Lazy<Task<TextPlace>>(() => texts.KeepAsync(sha256, draft)));
        try
        {
            var place = await mine.Value;
            await database.WriteAsync(sql => AddAsync(sql, stored, place), CancellationToken.None);
        }
        finally
        {
            placing.TryRemove(KeyValuePair.Create(text.Sha256, mine));
        }

        return stored;
    }

    private async Task<bool> AddAsync(SqlSession sql, StoredLogRow stored, TextPlace place)
    {
        await texts.JoinAsync(sql, stored.Text.Sha256, place);
        sql.Append(LogProjection.Draft(stored.Log, stored.Text, stored.Timestamp));
        return true;
    }
}

/// <summary>A log as it was stored.</summary>
internal sealed record StoredLogRow(NewLog Log, LogText Text, DateTimeOffset Timestamp);
