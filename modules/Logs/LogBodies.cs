using System.Buffers;
using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>The texts that hosts on one database share: compressed in parts, whole or not at all.</summary>
internal sealed class LogBodies(Database database, LogStore store, TimeProvider clock) : IDisposable
{
    /// <summary>Bytes of text in a part: so much of a long log is in memory.</summary>
    public const int PartSize = 1 << 20;

    /// <summary>What no log names after this long was left by a host that died between text and log.</summary>
    private static readonly TimeSpan LongestUnnamed = TimeSpan.FromDays(1);

    // They share the readers' connections, of which enough must be left for those who read.
    private readonly SemaphoreSlim seats = new(3);

    /// <summary>Stores a text that is not there yet; one that is there is safe from being swept from here on.</summary>
    /// <exception cref="DatabaseUnavailableException">The database is away.</exception>
    public async Task StoreAsync(string sha256, LogDraft draft)
    {
        await seats.WaitAsync();
        try
        {
            await database.WriteAsideAsync(sql => InsertAsync(sql, sha256, draft), CancellationToken.None);
        }
        finally
        {
            seats.Release();
        }
    }

    /// <summary>Hands on a text part by part.</summary>
    /// <returns>False when it is not there, or not whole.</returns>
    public async Task<bool> ReadAsync(string sha256, Action<ReadOnlySpan<byte>> take, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PartSize);
        try
        {
            var read = 0L;
            for (var number = 0; true; number++)
            {
                if (await store.FindPartAsync(sha256, number, cancellationToken) is not { } part)
                {
                    return false;
                }

                if (part.Bytes is not { } bytes || LogBytes.Expand(bytes, buffer) is not { } length)
                {
                    return part.Bytes is null && part.SizeBytes == read;
                }

                take(buffer.AsSpan(0, length));
                read += length;
                if (read == part.SizeBytes)
                {
                    return true;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Removes what no log names.</summary>
    public Task SweepAsync(CancellationToken cancellationToken) =>
        database.WriteAsideAsync(sql => LogStore.DeleteUnnamedBodiesAsync(sql, clock.GetUtcNow() - LongestUnnamed), cancellationToken);

    public void Dispose() => seats.Dispose();

    private async Task InsertAsync(SqlSession sql, string sha256, LogDraft draft)
    {
        if (!await LogStore.InsertBodyAsync(sql, new LogBodyRow(sha256, draft.Length, clock.GetUtcNow())))
        {
            return;
        }

        var text = ArrayPool<byte>.Shared.Rent(PartSize);
        try
        {
            for (var (at, part) = (0, 0); at < draft.Length; at += PartSize, part++)
            {
                var piece = text.AsSpan(0, Math.Min(PartSize, draft.Length - at));
                draft.Read(at, piece);
                await LogStore.InsertPartAsync(sql, sha256, part, LogBytes.Compress(piece));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }
}

/// <summary>A shared text, without its bytes.</summary>
internal sealed record LogBodyRow(string Sha256, long SizeBytes, DateTimeOffset StoredAt);

/// <summary>A part of a shared text.</summary>
internal sealed record LogPartRow
{
    /// <summary>Of the whole text.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Null when there is no such part.</summary>
    public byte[]? Bytes { get; init; }
}
