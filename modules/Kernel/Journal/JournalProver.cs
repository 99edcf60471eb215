using System.Buffers;
using System.Text;
using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>Signs what the journal is, and proves what is in it. Safe for all threads.</summary>
public sealed class JournalProver(Database database, CheckpointKey key, TimeProvider clock)
{
    /// <summary>The journal as it is now, signed.</summary>
    public Task<SignedCheckpoint> CheckpointAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async sql => await SignAsync(sql, await JournalStore.HeadAsync(sql)),
        cancellationToken);

    /// <summary>Shows that an event is in the journal.</summary>
    /// <param name="sequence">At least 1.</param>
    /// <returns>Null when the journal ends before it.</returns>
    public Task<JournalProof?> ProveAsync(long sequence, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var head = await JournalStore.HeadAsync(sql);
            return sequence <= head.Sequence && await JournalStore.FindAsync(sql, sequence) is { } row
                ? new JournalProof(await SignAsync(sql, head), await HashesAsync(sql, MerkleProof.Inclusion(sequence - 1, head.Sequence)), sequence, Line(row))
                : null;
        },
        cancellationToken);

    /// <summary>Shows that the journal goes on from what it was at a size.</summary>
    /// <param name="size">At least 0.</param>
    /// <returns>Null when the journal is shorter.</returns>
    public Task<JournalProof?> ContinueAsync(long size, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var head = await JournalStore.HeadAsync(sql);
            return size <= head.Sequence
                ? new JournalProof(await SignAsync(sql, head), await HashesAsync(sql, MerkleProof.Consistency(size, head.Sequence)), From: size)
                : null;
        },
        cancellationToken);

    private async Task<SignedCheckpoint> SignAsync(SqlSession sql, JournalHead head) =>
        key.Sign(await JournalTree.HeadAsync(sql, head.Sequence), head.Hash, clock.GetUtcNow());

    private static async Task<IReadOnlyList<string>> HashesAsync(SqlSession sql, IReadOnlyList<LeafRange> ranges) =>
        [.. (await JournalTree.HashesAsync(sql, ranges)).Select(Convert.ToHexStringLower)];

    private static string Line(EventRow row)
    {
        var line = new ArrayBufferWriter<byte>(1024);
        JournalLine.Write(line, row);
        return Encoding.UTF8.GetString(line.WrittenSpan[..^1]);
    }
}
