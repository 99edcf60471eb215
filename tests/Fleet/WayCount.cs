using System.Collections.Concurrent;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>Counts the ways of each group until its end, which takes one more. A group that was refused and runs again is counted again.</summary>
internal sealed class WayCount : ICommitParticipant
{
    private readonly ConcurrentQueue<(string EventType, int Ways)> counted = new();
    private int before;

    public static async Task<WayCount> JoinAsync(Database database)
    {
        var ways = new WayCount();
        await database.WriteAsync(
            _ =>
            {
                database.Join(ways);
                return Task.FromResult(0);
            },
            CancellationToken.None);
        return ways;
    }

    /// <summary>Of each group that held an event of a type, in their order.</summary>
    public int[] BeforeCommitOf(string eventType) => [.. counted.Where(one => one.EventType == eventType).Select(one => one.Ways)];

    public void Clear() => counted.Clear();

    public Task HearAtTurnAsync(SqlSession session)
    {
        before = session.Transaction.Ways;
        return Task.CompletedTask;
    }

    public Task BeforeCommitAsync(SqlSession session)
    {
        foreach (var draft in session.Drafts)
        {
            counted.Enqueue((draft.EventType, session.Transaction.Ways - before));
        }

        return Task.CompletedTask;
    }

    public void Committed()
    {
    }
}
