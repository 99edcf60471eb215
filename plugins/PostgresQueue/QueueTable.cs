using System.Data.Common;
using System.Text;
using Npgsql;
using Refinery.Contract;

namespace Refinery.PostgresQueue;

/// <summary>The waiting items as rows of one table.</summary>
/// <remarks>Nothing here is cancelled once it is asked: it ends soon by itself, and what was taken must reach the caller.</remarks>
internal sealed class QueueTable(QueueServer server, QueueTexts texts)
{
    /// <summary>Few enough that each question is answered soon, however many items come or go at once.</summary>
    private const int MostAdded = 1000;
    private const int MostDropped = 10_000;
    private const long MostCounted = 100_000;

    public async Task AddAsync(IReadOnlyList<QueueItem> items, CancellationToken cancellationToken)
    {
        foreach (var page in items.Chunk(MostAdded))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await server.AskAsync(connection => AddAsync(connection, page));
        }
    }

    /// <summary>The next items, which are in the table no more. What comes after its taker has left is put back.</summary>
    public Task<IReadOnlyList<QueueItem>> TakeAsync(int max) =>
        server.AskAsync(connection => TakeAsync(connection, max), late: taken => AddAsync(taken, CancellationToken.None));

    public Task<IReadOnlyList<QueueItem>> FirstAsync(int limit) => server.AskAsync(connection => ReadAsync(connection, texts.First, limit));

    public Task<QueueStats> CountAsync() => server.AskAsync(async connection =>
    {
        await using var batch = server.Batch(connection, QueueServer.Command(texts.Count, Number(MostCounted)));
        await using var reader = await AnswerAsync(batch);
        await reader.ReadAsync();
        return new QueueStats(reader.GetInt64(0), await reader.IsDBNullAsync(1) ? null : Instant(reader.GetInt64(1)));
    });

    public async Task<long> DropAllAsync(CancellationToken cancellationToken)
    {
        var dropped = 0L;
        while (await server.AskAsync(DropAsync) is > 0 and var page)
        {
            dropped += page;
            cancellationToken.ThrowIfCancellationRequested();
        }

        return dropped;
    }

    private async Task<int> AddAsync(NpgsqlConnection connection, QueueItem[] items)
    {
        await using var batch = server.Batch(
            connection,
            QueueServer.Command(
                texts.Add,
                Column(items, item => Text(item.StepId)),
                Column(items, item => Text(item.Type)),
                Column(items, item => item.Priority),
                Column(items, item => item.Rank),
                Column(items, item => Microseconds(item.EnqueuedAt))),
            QueueServer.Command(texts.Tell));
        return await batch.ExecuteNonQueryAsync();
    }

    /// <summary>The items are read before the server is told to forget them, so a connection that is cut loses none.</summary>
    private async Task<IReadOnlyList<QueueItem>> TakeAsync(NpgsqlConnection connection, int max)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var taken = await ReadAsync(connection, texts.Take, max);
        try
        {
            await transaction.CommitAsync();
        }
        catch (DbException) when (taken.Count > 0)
        {
            // Perhaps the server heard it and perhaps not: at worst these are given out once more.
        }

        return taken;
    }

    private async Task<long> DropAsync(NpgsqlConnection connection)
    {
        await using var batch = server.Batch(connection, QueueServer.Command(texts.Drop, Number(MostDropped)));
        await using var reader = await AnswerAsync(batch);
        await reader.ReadAsync();
        return reader.GetInt64(0);
    }

    private async Task<IReadOnlyList<QueueItem>> ReadAsync(NpgsqlConnection connection, string text, int limit)
    {
        await using var batch = server.Batch(connection, QueueServer.Command(text, Number(limit)));
        await using var reader = await AnswerAsync(batch);
        List<QueueItem> items = [];
        while (await reader.ReadAsync())
        {
            items.Add(new(reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt64(3), Instant(reader.GetInt64(4))));
        }

        return items;
    }

    /// <summary>What follows the bounds.</summary>
    private static async Task<NpgsqlDataReader> AnswerAsync(NpgsqlBatch batch)
    {
        var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        return reader;
    }

    private static NpgsqlParameter<long> Number(long value) => new() { TypedValue = value };

    private static NpgsqlParameter<T[]> Column<T>(QueueItem[] items, Func<QueueItem, T> value) => new() { TypedValue = [.. items.Select(value)] };

    /// <summary>As the server can keep it: half a surrogate and NUL become a mark.</summary>
    private static string Text(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Replace('\0', '\uFFFD')));

    private static long Microseconds(DateTimeOffset instant) => (instant - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Instant(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
