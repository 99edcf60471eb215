using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Refinery.Contract;

namespace Refinery.KubernetesRunner;

/// <summary>Watches the pod of one build until it is known how the build ended; its lines go to the step's log meanwhile.</summary>
internal sealed class BuildWatch(Cluster cluster, BuildTask task, IStepContext step, TimeProvider clock)
{
    /// <summary>A watch that tells nothing ends after this, so that a connection nobody hears of again is not waited for.</summary>
    private static readonly TimeSpan WatchLimit = TimeSpan.FromSeconds(60);

    /// <summary>The same until the build has begun: what keeps it from that is looked at again.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ReasonLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReasonPause = TimeSpan.FromMilliseconds(250);

    /// <summary>How long there may be no pod before a person is told where the reason stands.</summary>
    private static readonly TimeSpan PodLimit = TimeSpan.FromSeconds(30);

    private readonly StartTrouble trouble = new(clock);
    private readonly Patience patience = new(clock);
    private readonly TaskCompletionSource buildEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task log = Task.CompletedTask;
    private int failures;
    private bool wasSeen;
    private bool isWaitTold;
    private bool isAbsenceTold;
    private long? missedSince;

    /// <summary>The build's own container was seen at work.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>The time was over before the build began, which is no fault of the build.</summary>
    public BuildRunnerException NeverStarted => Lost($"The cluster did not start the build within {task.TimeLimit.TotalSeconds:0} seconds.");

    /// <summary>Watches.</summary>
    /// <returns>How the build ended.</returns>
    /// <exception cref="BuildRunnerException">The pod came to its end in another way.</exception>
    /// <exception cref="CallException">The API server refuses to tell.</exception>
    public async Task<PodEnd> RunAsync(CancellationToken cancellationToken)
    {
        // When the log cannot be followed or taken, nobody would know what the build did.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var end = await WatchAsync(stop);
            buildEnded.TrySetResult();
            await log;
            return end;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await log;
            throw;
        }
        finally
        {
            await stop.CancelAsync();
            await log.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task<PodEnd> WatchAsync(CancellationTokenSource stop)
    {
        while (true)
        {
            try
            {
                if (await LookAsync(stop) is { } end)
                {
                    return end;
                }

                // Whoever ends each watch at once is not to be asked without a breath.
                await patience.PauseAsync(failures: 1, stop.Token);
            }
            catch (CallException fault) when (fault.Status == 410 || Patience.MayPass(fault, failures + 1))
            {
                await patience.PauseAsync(++failures, stop.Token);
            }
        }
    }

    /// <summary>Lists once and watches from there, for as long as that goes well.</summary>
    private async Task<PodEnd?> LookAsync(CancellationTokenSource stop)
    {
        var (pods, version) = await cluster.ListPodsAsync(task.Mark, stop.Token);
        if (pods.Count == 0 && !wasSeen)
        {
            await MissAsync(stop.Token);
        }

        failures = 0;
        await foreach (var state in StatesAsync(pods, version, stop.Token))
        {
            if (await SeeAsync(state, stop) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    /// <summary>The build's pod as it is, or as gone, and then every change of it.</summary>
    private async IAsyncEnumerable<PodState> StatesAsync(
        IReadOnlyList<PodState> pods, string version, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var state in pods)
        {
            yield return state;
        }

        if (pods.Count == 0 && wasSeen)
        {
            yield return new PodState([]) { IsDeleted = true };
        }

        await foreach (var state in cluster.WatchPodsAsync(task.Mark, version, HasStarted ? WatchLimit : StartLimit, cancellationToken))
        {
            yield return state;
        }
    }

    private async Task<PodEnd?> SeeAsync(PodState state, CancellationTokenSource stop)
    {
        wasSeen = true;
        var build = state.Container(BuildJob.BuildContainer);
        HasStarted |= build is { HasStarted: true };
        if (build is { HasStarted: true } && log == Task.CompletedTask)
        {
            log = FollowAsync(state.Name, stop);
        }

        if (build?.ExitCode is not null)
        {
            buildEnded.TrySetResult();
        }

        if (!state.Succeeded && state.Eviction is { } eviction)
        {
            throw Lost($"The pod of the build was ended by the cluster ({eviction.TrimEnd('.')}).");
        }

        if (!state.Succeeded && state.IsGoing)
        {
            return await WhyGoneAsync(stop.Token);
        }

        await TellAsync(state);
        return await EndOfAsync(state, build);
    }

    private async Task FollowAsync(string name, CancellationTokenSource stop)
    {
        var isFollowed = false;
        try
        {
            await new LogFollower(cluster, patience, clock).RunAsync(name, buildEnded.Task, step.LogAsync, stop.Token);
            isFollowed = true;
        }
        finally
        {
            if (!isFollowed)
            {
                await stop.CancelAsync();
            }
        }
    }

    private async ValueTask TellAsync(PodState state)
    {
        if (state.Unschedulable is { } why && !isWaitTold)
        {
            isWaitTold = true;
            await step.LogAsync($"The build waits for a node of the cluster: {why.ReplaceLineEndings(" ").TrimEnd('.')}.");
        }
    }

    private async ValueTask<PodEnd?> EndOfAsync(PodState state, ContainerState? build)
    {
        if (trouble.Find(state, Cluster.NameOf(task.Mark)) is var (stuck, isTransient))
        {
            throw new BuildRunnerException(
                $"The container '{stuck.Name}' of image '{task.Image}' cannot start ({stuck.Waiting}): {stuck.LastWords}.") { IsTransient = isTransient };
        }

        if (build?.ExitCode is > 0 and var code)
        {
            if (build.IsOutOfMemory)
            {
                await step.LogAsync("The build was killed because it took more memory than it is given (BUILD_MEMORY_MB).");
            }

            return new PodEnd(code, TimedOut: false, Wheel: null);
        }

        if (state.Containers.FirstOrDefault(container => container.ExitCode > 0) is { } failed)
        {
            throw Lost($"The container '{failed.Name}' beside the build ended with exit code {failed.ExitCode}: {failed.LastWords}.");
        }

        return state.Succeeded ? new PodEnd(0, TimedOut: false, StoredWheel.Parse(state.Container(BuildJob.StoreContainer)?.Message ?? string.Empty)) : null;
    }

    /// <summary>The Job says whether its time was over, in some versions a moment after its pod is gone.</summary>
    private async Task<PodEnd> WhyGoneAsync(CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        string? reason = null;
        while (reason is null && clock.GetElapsedTime(start) < ReasonLimit)
        {
            reason = JobState.FailureOf(await patience.CallAsync(FindJobAsync, ReasonLimit, cancellationToken));
            await Task.Delay(reason is null ? ReasonPause : TimeSpan.Zero, clock, cancellationToken);
        }

        return reason != JobState.DeadlineExceeded ? throw Lost($"The pod of the build was deleted before its end ({reason ?? "nobody says why"}).")
            : HasStarted ? new PodEnd(143, TimedOut: true, Wheel: null)
            : throw NeverStarted;
    }

    /// <summary>Looks why there is no pod: a Job that has ended, or was deleted, gets none.</summary>
    private async Task MissAsync(CancellationToken cancellationToken)
    {
        if (JobState.FailureOf(await FindJobAsync(cancellationToken)) is { } reason)
        {
            throw reason == JobState.DeadlineExceeded ? NeverStarted : Lost($"The Job of the build ended before it had a pod ({reason}).");
        }

        missedSince ??= clock.GetTimestamp();
        if (clock.GetElapsedTime(missedSince.Value) >= PodLimit && !isAbsenceTold)
        {
            isAbsenceTold = true;
            await step.LogAsync($"The cluster has made no pod for the build yet; `kubectl describe job {Cluster.NameOf(task.Mark)}` tells why.");
        }
    }

    private async Task<JsonNode?> FindJobAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.FindJobAsync(task.Mark, cancellationToken);
        }
        catch (CallException fault) when (fault.Status == 404)
        {
            return null;
        }
    }

    private static BuildRunnerException Lost(string sentence) => new(sentence) { IsTransient = true };
}

/// <summary>How the pod of a build ended.</summary>
/// <param name="Code">The build's exit code.</param>
/// <param name="TimedOut">The Job's time was over.</param>
/// <param name="Wheel">What it stored; null when it left no single wheel.</param>
internal sealed record PodEnd(int Code, bool TimedOut, StoredWheel? Wheel);
