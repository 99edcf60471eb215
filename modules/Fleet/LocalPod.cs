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
    IOptions<FleetOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<LocalPod> logger) : BackgroundService, ILocalWorker
{
    /// <summary>Delayed steps ring no bell; this is how long one may go unseen.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>What a handler that was told to stop gets for it.</summary>
    private static readonly TimeSpan Deaf = TimeSpan.FromSeconds(5);

    /// <summary>More claims than one pod is ever given at once.</summary>
    private const int MostEarly = 1024;

    private readonly ConcurrentDictionary<Holder, Run> runs = new();
    private readonly ConcurrentQueue<Holder> early = new();
    private readonly ConcurrentDictionary<string, bool> ended = new(StringComparer.Ordinal);
    private readonly AsyncSignal freed = new();
    private long drainsAsked;
    private long drainsDone;
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
        ? [.. own.Except(runs.Keys.Select(holder => holder.StepId), StringComparer.Ordinal).Where(stepId => !ended.ContainsKey(stepId))]
        : null;

    /// <summary>The claims being run now.</summary>
    public IReadOnlyList<Holder> Held => [.. runs.Values.Select(run => run.Holder)];

    /// <summary>Stops the runs of claims that are no longer this pod's.</summary>
    public void StopLost(IReadOnlyList<Holder> lost)
    {
        foreach (var holder in lost)
        {
            if (runs.TryGetValue(holder, out var run))
            {
                run.Stop();
            }
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
    /// <remarks>A step may have two runs for a while: one that was lost and does not hear it yet, and the one claimed since.</remarks>
    public void Begin(StepRow step)
    {
        var run = new Run(step);
        runs[run.Holder] = run;
        run.Completion = RunAsync(run);
        if (early.Contains(run.Holder))
        {
            run.Stop();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var left = Task.WhenAll(runs.Values.Select(run => run.Completion));
        await Task.WhenAny(left, Task.Delay(TimeSpan.FromSeconds(options.Value.ShutdownGraceSeconds), clock, cancellationToken));
        foreach (var run in runs.Values)
        {
            run.Stop();
        }

        try
        {
            await left.WaitAsync(Deaf, clock, cancellationToken);
        }
        catch (Exception fault) when (fault is TimeoutException or OperationCanceledException)
        {
            LogDeaf(logger, runs.Count);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsOn)
        {
            return;
        }

        // The stop of this service waits its turn behind requests under way; claiming ends with the first word of it.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            while (true)
            {
                await ClaimRoundAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    private bool IsDraining => Interlocked.Read(ref drainsDone) < Interlocked.Read(ref drainsAsked);

    private async Task ClaimRoundAsync(CancellationToken stoppingToken)
    {
        Task[] bells = [queue.Ready.Next, freed.Next];

        // A drain asked for after this line is not ended by this round: what it was asked for may not have been seen.
        var asked = Interlocked.Read(ref drainsAsked);
        if (await ClaimAsync(stoppingToken) > 0)
        {
            return;
        }

        if (runs.IsEmpty && counters.Of(StepTypes.WheelBuild, Status.Pending) == 0)
        {
            Interlocked.Exchange(ref drainsDone, asked);
        }

        using var glance = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny([.. bells, Task.Delay(Glance, clock, glance.Token)]);
        await glance.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    /// <summary>Fills the free room.</summary>
    /// <returns>How many steps were begun.</returns>
    private async Task<int> ClaimAsync(CancellationToken stoppingToken)
    {
        var free = options.Value.Capacity - runs.Count;
        if (free <= 0)
        {
            return 0;
        }

        try
        {
            var request = new ClaimRequest(identity.PodId, Types, free, Start: true);
            var steps = Wanted is { } wanted
                ? await claims.ClaimOfAsync(wanted, request, stoppingToken)
                : await claims.ClaimAsync(request, TimeSpan.Zero, stoppingToken);
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

    private async Task RunAsync(Run run)
    {
        await Task.Yield();
        try
        {
            if (await runner.RunAsync(run.Step, run.Lost) is { Status: Status.Completed or Status.Failed } && confines is not null)
            {
                ended[run.Step.StepId] = true;
            }
        }
        catch (Exception fault)
        {
            LogRunFault(logger, fault, run.Step.StepId);
        }
        finally
        {
            runs.TryRemove(KeyValuePair.Create(run.Holder, run));
            run.Dispose();
            freed.Pulse();
        }
    }

    [LoggerMessage(LogLevel.Error, "Claiming failed; it is tried again.")]
    private static partial void LogClaimFault(ILogger logger, Exception fault);

    [LoggerMessage(LogLevel.Error, "The result of step {StepId} could not be recorded; its lease will run out and it will be tried again.")]
    private static partial void LogRunFault(ILogger logger, Exception fault, string stepId);

    [LoggerMessage(LogLevel.Warning, "{Count} steps did not stop when told to; they are taken back at the next start.")]
    private static partial void LogDeaf(ILogger logger, int count);

    /// <summary>A step in the making.</summary>
    private sealed class Run(StepRow step) : IDisposable
    {
        private readonly CancellationTokenSource lost = new();

        public StepRow Step => step;

        public Holder Holder { get; } = Holder.Of(step);

        public CancellationToken Lost => lost.Token;

        public Task Completion { get; set; } = Task.CompletedTask;

        public void Stop()
        {
            try
            {
                lost.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }

        public void Dispose() => lost.Dispose();
    }
}
