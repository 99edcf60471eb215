using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Finds steps whose lease ran out and puts them back in line or ends them; finds pods that fell silent. One cycle at a time.</summary>
/// <remarks>Only the leader writes here, and every unit of it begins by holding its term: see <see cref="LeaderStore.HoldAsync"/>.</remarks>
internal sealed partial class Recovery(
    Database database, StepEndings endings, Election election, FleetMetrics metrics, IOptions<FleetOptions> options, TimeProvider clock, ILogger<Recovery> logger)
    : IDisposable
{
    private static readonly TimeSpan Forget = TimeSpan.FromDays(1);

    /// <summary>A person waits this long for a cycle of the timer; nobody waits for another person's.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FleetOptions options = options.Value;
    private readonly SemaphoreSlim one = new(1, 1);
    private readonly WallClock wall = new(clock);
    private int byHand;
    private long lastCycle;
    private (RecoverySummary Summary, long At)? lastByHand;

    /// <summary>A cycle by the timer; none when this pod does not lead or a cycle runs.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (election.Lead is not { } lead || !await one.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            return;
        }

        try
        {
            await ActAsync(lead, cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>A cycle that a person asked for.</summary>
    public async Task<RecoveryRun> RunByHandAsync(RecoveryBody ask, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref byHand, 1, 0) == 1)
        {
            return new RecoveryRun(RecoveryVerdict.Busy, Summary: null);
        }

        try
        {
            return await EnterAsync(ask, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref byHand, 0);
        }
    }

    public void Dispose() => one.Dispose();

    private async Task<RecoveryRun> EnterAsync(RecoveryBody ask, CancellationToken cancellationToken)
    {
        if ((election.Lead ?? await election.CheckAsync(cancellationToken)) is not { } lead)
        {
            return new RecoveryRun(RecoveryVerdict.NotLeader, Summary: null);
        }

        if (!await one.WaitAsync(Patience, cancellationToken))
        {
            return new RecoveryRun(RecoveryVerdict.Busy, Summary: null);
        }

        try
        {
            return await CycleAsync(lead, ask, cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<RecoveryRun> CycleAsync(Lead lead, RecoveryBody ask, CancellationToken cancellationToken)
    {
        if (ask is { Force: false, DryRun: false } && lastByHand is { } last && clock.GetElapsedTime(last.At) < TimeSpan.FromSeconds(options.RecoverySeconds))
        {
            return new RecoveryRun(RecoveryVerdict.Done, last.Summary);
        }

        var started = clock.GetTimestamp();
        if (await (ask.DryRun ? LookAsync(cancellationToken) : ActAsync(lead, cancellationToken)) is not { } found)
        {
            return new RecoveryRun(RecoveryVerdict.NotLeader, Summary: null);
        }

        var summary = found.Summary(NewCycleId(), (long)clock.GetElapsedTime(started).TotalMilliseconds);
        if (!ask.DryRun)
        {
            lastByHand = (summary, clock.GetTimestamp());
        }

        return new RecoveryRun(RecoveryVerdict.Done, summary);
    }

    /// <summary>What a cycle would find now. Writes nothing.</summary>
    private async Task<RecoveryFound?> LookAsync(CancellationToken cancellationToken)
    {
        var (now, jump) = wall.Peek();

        // After a jump a cycle first lets every lease and every silence begin anew.
        return jump != TimeSpan.Zero ? new RecoveryFound([], [], []) : await database.ReadAsync(
            async sql =>
            {
                var orphans = (await StepStore.ListOrphansAsync(sql, now)).ToLookup(step => step.RetryCount < step.MaxRetries, step => step.StepId);
                return new RecoveryFound(await PodStore.ListSilentAsync(sql, now - options.DeadAfter), [.. orphans[true]], [.. orphans[false]]);
            },
            cancellationToken);
    }

    /// <summary>A whole cycle; null when the term is over, and then nothing more is written.</summary>
    private async Task<RecoveryFound?> ActAsync(Lead lead, CancellationToken cancellationToken)
    {
        var (now, jump) = wall.Read();
        if (await database.WriteAsync(sql => BuryAsync(sql, lead, now, jump), cancellationToken) is not { } deadPods)
        {
            return null;
        }

        if (jump != TimeSpan.Zero)
        {
            LogJump(logger, jump);
        }

        var found = new RecoveryFound(deadPods, [], []);
        while (await endings.RecoverAsync(lead, now, cancellationToken) is var recovered)
        {
            if (recovered is null)
            {
                return null;
            }

            if (recovered.Count == 0)
            {
                break;
            }

            found.Add(recovered);
        }

        Report(found);
        return found;
    }

    /// <summary>Marks the pods as dead that fell silent, and forgets those that have been so for long.</summary>
    /// <returns>Those marked, or null when the term is over.</returns>
    private async Task<IReadOnlyList<string>?> BuryAsync(SqlSession sql, Lead lead, DateTimeOffset now, TimeSpan jump)
    {
        if (!await LeaderStore.HoldAsync(sql, lead))
        {
            return null;
        }

        await FollowClockAsync(sql, now, jump);
        var silent = await PodStore.ListSilentAsync(sql, now - options.DeadAfter);
        await PodStore.BuryAsync(sql, now - options.DeadAfter);
        await PodStore.DeleteSilentAsync(sql, now - Forget);
        return silent;
    }

    /// <summary>After a jump every lease and every silence begins anew, so that none ends early or lasts for ever; what is too long to be true is cut in any case.</summary>
    private async Task FollowClockAsync(SqlSession sql, DateTimeOffset now, TimeSpan jump)
    {
        var fresh = now + options.Lease;
        if (jump == TimeSpan.Zero)
        {
            await StepStore.RefreshLeasesAsync(sql, after: fresh + options.Lease, fresh);
            await PodStore.RefreshBeatsAsync(sql, after: now + options.DeadAfter, now);
            return;
        }

        await StepStore.BringNearerAsync(sql, now + FleetOptions.LongestBackoff, now + options.Backoff(retry: 1));
        await StepStore.RefreshLeasesAsync(sql, after: DateTimeOffset.MinValue, fresh);
        await PodStore.RefreshBeatsAsync(sql, after: now - jump - options.DeadAfter, now);
    }

    private void Report(RecoveryFound found)
    {
        metrics.Recovered(found.Requeued.Count, found.Terminal.Count);
        if (found.Requeued.Count + found.Terminal.Count > 0)
        {
            LogRecovered(logger, found.Requeued.Count, found.Terminal.Count);
        }

        foreach (var podId in found.DeadPods)
        {
            LogDead(logger, podId);
        }
    }

    /// <summary><c>recovery_{unix seconds}</c>, strictly ascending.</summary>
    private string NewCycleId() => $"recovery_{lastCycle = Math.Max(lastCycle + 1, clock.GetUtcNow().ToUnixTimeSeconds())}";

    [LoggerMessage(LogLevel.Warning, "The wall clock was set by {Jump}; every lease begins anew.")]
    private static partial void LogJump(ILogger logger, TimeSpan jump);

    [LoggerMessage(LogLevel.Information, "Put {Requeued} steps whose lease ran out back in line, and ended {Terminal} that had no retry left.")]
    private static partial void LogRecovered(ILogger logger, int requeued, int terminal);

    [LoggerMessage(LogLevel.Warning, "Pod {PodId} is not heard any more and counts as dead.")]
    private static partial void LogDead(ILogger logger, string podId);
}
