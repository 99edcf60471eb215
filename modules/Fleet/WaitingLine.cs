using System.Runtime.CompilerServices;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Reads the steps that wait, out of the lines of their types and priorities.</summary>
internal sealed class WaitingLine(Database database) : IWaitingLine
{
    private const int PageSize = 1000;

    public Task<LineLength> CountAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async sql =>
        {
            var ready = (await StepStore.ListLinesAsync(sql)).Sum(line => line.Count);
            return new LineLength(ready, (await StepStore.CountWaitingAsync(sql)).Sum(line => line.Count) - ready);
        },
        cancellationToken);

    public async IAsyncEnumerable<QueueItem> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = await database.ReadAsync(StepStore.ListLinesAsync, cancellationToken);
        foreach (var band in lines.GroupBy(line => line.Priority).OrderByDescending(band => band.Key))
        {
            await foreach (var item in MergeAsync([.. band], cancellationToken))
            {
                yield return item;
            }
        }
    }

    /// <summary>Lines of one priority as one, lowest rank first.</summary>
    private async IAsyncEnumerable<QueueItem> MergeAsync(IReadOnlyList<WaitingCount> lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Types are free text: however many there are, what is kept of their lines is one page or one step of each.
        var limit = Math.Max(1, PageSize / lines.Count);
        var heads = new PriorityQueue<Queue<QueueItem>, long>();
        foreach (var line in lines)
        {
            await EnterAsync(heads, new QueueItem(string.Empty, line.Type, (int)line.Priority, long.MinValue, default), limit, cancellationToken);
        }

        while (heads.TryDequeue(out var head, out _))
        {
            var item = head.Dequeue();
            yield return item;
            if (head.TryPeek(out var next))
            {
                heads.Enqueue(head, next.Rank);
            }
            else
            {
                await EnterAsync(heads, item, limit, cancellationToken);
            }
        }
    }

    private async Task EnterAsync(PriorityQueue<Queue<QueueItem>, long> heads, QueueItem after, int limit, CancellationToken cancellationToken)
    {
        var page = await database.ReadAsync(sql => StepStore.ListLineAsync(sql, after, limit), cancellationToken);
        if (page is [var first, ..])
        {
            heads.Enqueue(new Queue<QueueItem>(page), first.Rank);
        }
    }
}
