using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Lists the steps that failed for good.</summary>
internal sealed class DeadLetters(Database database)
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

            // As many as have failed: the replay of one takes it away and puts the step back in line.
            return new DeadLetterPage(letters, await StepTotalStore.FindAsync(sql, Status.Failed));
        },
        cancellationToken);
}
