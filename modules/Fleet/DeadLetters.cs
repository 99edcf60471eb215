using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Lists the steps that failed for good, and gives them another life.</summary>
internal sealed class DeadLetters(Database database, DispatchQueue queue, StepCounters counters, TimeProvider clock)
{
    /// <summary>A page, newest first, and how many there are in all.</summary>
    public Task<DeadLetterPage> ListAsync(int limit, int offset, CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var letters = new List<DeadLetterAnswer>();
            foreach (var row in await DeadLetterStore.ListAsync(sql, limit, offset))
            {
                if (await StepStore.FindAsync(sql, row.StepId) is { } step)
                {
                    letters.Add(DeadLetterAnswer.Of(row, step));
                }
            }

            return new DeadLetterPage(letters, await DeadLetterStore.CountAsync(sql));
        },
        cancellationToken);

    /// <summary>Puts a failed step back in line under its own id, with all its retries; its idempotency key stays the same.</summary>
    /// <returns>The step, or null when it has not failed (any more): of two who replay it at once, one does.</returns>
    public async Task<StepRow?> ReplayAsync(string stepId, CancellationToken cancellationToken)
    {
        var replayed = await database.WriteAsync(
            async sql =>
            {
                if (await StepStore.ReplayAsync(sql, stepId, Status.Failed, new Ending(Status.Pending, "It was replayed by hand.", Instant.Truncate(clock.GetUtcNow()))) is not { } row)
                {
                    return null;
                }

                sql.Append(StepEvents.Replayed(row));
                sql.AfterCommit(() => counters.Move(row.Type, Status.Failed, Status.Pending));
                return row;
            },
            cancellationToken);
        if (replayed is not null)
        {
            await queue.OfferAsync([Steps.Item(replayed)]);
        }

        return replayed;
    }
}
