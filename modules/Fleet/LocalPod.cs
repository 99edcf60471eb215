using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>The pod inside this process: claims as many steps as it has room for and runs each until its lease is lost.</summary>
internal sealed partial class LocalPod(
    PodIdentity identity, StepClaims claims, StepRunner runner, HandlerTable handlers, StepCounters counters, DispatchQueue queue,
    IOptions<FleetOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<LocalPod> logger) : ClaimLoop(lifetime), ILocalWorker
{
    /// <summary>Delayed steps ring no bell; this is how long one may go unseen.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>More claims than one pod is ever given at once.</summary>
    private const int MostEarly = 1024;

    private readonly StepRuns runs = new(runner, clock, logger);
    private readonly ConcurrentQueue<Holder> early = new();
    private readonly ConcurrentDictionary<string, bool> ended = new(StringComparer.Ordinal);
    private long drainsAsked;
    private long drainsDone;
    private Task changed = Task.CompletedTask;
    private IReadOnlyList<string>? confines;

    /// <summary>Steps running now.</summary>
    public int Running => runs.Count;

    /// <summary>The types claimed now: wheel builds only while draining or with AUTO_BUILD=1.</summary>
    public FrozenSet<string> Types => handlers.Types
        .Where(type => type != StepTypes.WheelBuild || IsDraining || options.Value.AutoBuild == "1")
        .ToFrozenSet(StringComparer.Ordinal);

    public bool IsOn => options.Value.LocalWorker == "1";

    public int Capacity => options.Value.Capacity;

    public bool Drain()
    {
        if (!IsOn)
        {
            return false;
        }

        Interlocked.Increment(ref drainsAsked);
        queue.Ready.Pulse();
        return true;
    }

    public void Confine(IReadOnlyList<string> stepIds)
    {
        ended.Clear();
        Volatile.Write(ref confines, stepIds);
        queue.Ready.Pulse();
    }

    /// <summary>Those of the steps it is confined to that neither run nor have ended here; null when it is confined to none.</summary>
    public IReadOnlyList<string>? Wanted => Volatile.Read(ref confines) is { } own
        ? [.. own.Except(runs.Held.Select(step => step.StepId), StringComparer.Ordinal).Where(stepId => !ended.ContainsKey(stepId))]
        : null;

    /// <summary>The claims being run now.</summary>
    public IReadOnlyList<Holder> Held => [.. runs.Held.Select(step => new Holder(step.StepId, identity.PodId, step.Fence))];

    /// <summary>Stops the runs of claims that are no longer this pod's.</summary>
    public void StopLost(IReadOnlyList<Holder> lost)
    {
        foreach (var holder in lost)
        {
            runs.Stop(holder.StepId, holder.Fence);
        }
    }

    /// <summary>Stops the run of a claim that was cancelled, even if it has yet to begin: a claim is committed a moment before its run is there.</summary>
    public void StopCancelled(Holder holder)
    {
        if (holder.PodId != identity.PodId)
        {
            return;
        }

        early.Enqueue(holder);
        while (early.Count > MostEarly)
        {
            early.TryDequeue(out _);
        }

        StopLost([holder]);
    }

    /// <summary>Runs a step that this pod has claimed.</summary>
    public void Begin(StepRow step)
    {
        runs.Begin(step.ToClaimed(), status =>
        {
            if (status is StepStatus.Completed or StepStatus.Failed && confines is not null)
            {
                ended[step.StepId] = true;
            }
        });
        if (early.Contains(step.Holder))
        {
            runs.Stop(step.StepId, step.Fence);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await runs.StopAllAsync(options.Value.Grace, cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => IsOn ? base.ExecuteAsync(stoppingToken) : Task.CompletedTask;

    private bool IsDraining => Interlocked.Read(ref drainsDone) < Interlocked.Read(ref drainsAsked);

    protected override async Task ClaimRoundAsync(CancellationToken stoppingToken)
    {
        // One for as many rounds as it takes: each hangs on both signals until one comes.
        if (changed.IsCompleted)
        {
            changed = Task.WhenAny(queue.Ready.Next, runs.Freed.Next);
        }

        // A drain asked for after this line is not ended by this round: what it was asked for may not have been seen.
        var asked = Interlocked.Read(ref drainsAsked);
        if (await BeginAsync(() => ClaimAsync(stoppingToken), stoppingToken) > 0)
        {
            return;
        }

        if (runs.Count == 0 && counters.Of(StepTypes.WheelBuild, Status.Pending) == 0)
        {
            Interlocked.Exchange(ref drainsDone, asked);
        }

        await BeginAsync(() => WaitAsync(stoppingToken), stoppingToken);
    }

    /// <summary>Runs what is claimed.</summary>
    /// <returns>How many steps were begun.</returns>
    private async Task<int> BeginAsync(Func<Task<IReadOnlyList<StepRow>>> claim, CancellationToken stoppingToken)
    {
        try
        {
            var steps = await claim();
            foreach (var step in steps)
            {
                Begin(step);
            }

            return steps.Count;
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            LogClaimFault(logger, fault);
            return 0;
        }
    }

    private async Task<IReadOnlyList<StepRow>> ClaimAsync(CancellationToken stoppingToken) => Request() switch
    {
        { Max: <= 0 } => [],
        var request when Wanted is { } wanted => await claims.ClaimOfAsync(wanted, request, stoppingToken),
        var request => await claims.ClaimNowAsync(request, stoppingToken),
    };

    private async Task<IReadOnlyList<StepRow>> WaitAsync(CancellationToken stoppingToken)
    {
        if (Request() is { Max: > 0 } request && Wanted is null)
        {
            return await claims.WaitAsync(request, Glance, changed, stoppingToken);
        }

        await changed.WaitAsync(Glance, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stoppingToken.ThrowIfCancellationRequested();
        return [];
    }

    private ClaimRequest Request() => new(identity.PodId, Types, options.Value.Capacity - runs.Count, Start: true);

    [LoggerMessage(LogLevel.Error, "Claiming failed; it is tried again.")]
    private static partial void LogClaimFault(ILogger logger, Exception fault);
}
