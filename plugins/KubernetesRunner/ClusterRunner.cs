using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.KubernetesRunner;

/// <summary>Runs each build as a Job: stores the sdist, makes the Job, follows its pod, fetches the wheel, deletes the Job.</summary>
internal sealed partial class ClusterRunner(Cluster cluster, ServerFiles files, RunnerSettings settings, TimeProvider clock, ILogger logger) : IBuildRunner, IDisposable
{
    public const string RunnerName = "kubernetes";

    private const string NoImage = "BUILD_RUNNER is kubernetes, but BUILD_IMAGE is not set; the name of an image with python3 and pip is expected.";

    /// <summary>How long nothing is said while a Job is to be made, before the attempt ends.</summary>
    private static readonly TimeSpan CreateLimit = TimeSpan.FromMinutes(1);

    /// <summary>The Job itself keeps the time limit; this is for an API server that does not tell.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(60);

    /// <summary>A cancelled build has to be gone within 5 seconds.</summary>
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan GonePause = TimeSpan.FromMilliseconds(100);

    private readonly Patience patience = new(clock);

    public string Name => RunnerName;

    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            return string.IsNullOrEmpty(settings.Image) ? NoImage
                : await cluster.MayCreateJobsAsync(cancellationToken) ? await files.FaultAsync(cancellationToken)
                : $"The cluster does not allow to create jobs in namespace '{settings.Namespace}'; README.md has the Role that is expected.";
        }
        catch (CallException fault)
        {
            return fault.Message;
        }
    }

    public async Task<BuildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(task.Image))
        {
            throw new BuildRunnerException(NoImage);
        }

        var start = clock.GetTimestamp();
        using var late = new CancellationTokenSource(task.TimeLimit + Margin, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var watch = new BuildWatch(cluster, task, step, clock);
        var isOver = false;
        try
        {
            var end = await RunAsync(task, step, watch, stop.Token);
            isOver = !end.TimedOut;
            return new BuildExit(end.Code, end.TimedOut, clock.GetElapsedTime(start));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return watch.HasStarted ? new BuildExit(143, TimedOut: true, clock.GetElapsedTime(start)) : throw watch.NeverStarted;
        }
        catch (CallException fault)
        {
            throw FaultOf(fault);
        }
        finally
        {
            await EndAsync(task.Mark, isOver);
        }
    }

    public async Task RemoveAsync(string mark, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RemoveLimit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await DeleteAsync(mark, stop.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BuildRunnerException($"The cluster did not delete the Job {Cluster.NameOf(mark)} in time.", fault) { IsTransient = true };
        }
        catch (CallException fault)
        {
            throw FaultOf(fault);
        }
    }

    public void Dispose()
    {
        cluster.Dispose();
        files.Dispose();
    }

    /// <summary>Credentials that are refused for long enough to be thrown here are wrong.</summary>
    private static BuildRunnerException FaultOf(CallException fault) =>
        new(fault.Message, fault) { IsTransient = fault is { IsAway: true, IsUnauthorized: false } };

    private async Task<PodEnd> RunAsync(BuildTask task, IStepContext step, BuildWatch watch, CancellationToken cancellationToken)
    {
        var sha256 = await files.StoreAsync(task.Sdist, cancellationToken);
        var build = new BuildJob(task, step, settings);
        var job = await CreateAsync(build.ToJob(sha256), task, step, cancellationToken);
        await step.LogAsync($"Refinery builds in the cluster, as Job {Cluster.NameOf(task.Mark)} in namespace {settings.Namespace}.");
        if (build.ToSecret(job) is { } secret)
        {
            // Nearly always in time: the container that reads it starts after another one has fetched the source.
            await CreateOnceAsync(stop => cluster.CreateSecretAsync(secret, stop), cancellationToken);
        }

        var end = await watch.RunAsync(cancellationToken);
        if (end.Wheel is { } wheel)
        {
            await files.FetchAsync(wheel, task.Output, cancellationToken);
        }

        return end;
    }

    /// <summary>Makes the Job. One that is there already is our own when an earlier request went through without an answer.</summary>
    private async Task<JsonNode> CreateAsync(JsonObject job, BuildTask task, IStepContext step, CancellationToken cancellationToken)
    {
        if (await CreateOnceAsync(stop => cluster.CreateJobAsync(job, stop), cancellationToken) is { } made)
        {
            return made;
        }

        var found = await patience.CallAsync(stop => cluster.FindJobAsync(task.Mark, stop), CreateLimit, cancellationToken);
        return PodState.Text(found["metadata"]?["annotations"], BuildJob.StepAnnotation) == step.StepId
            ? found
            : throw new BuildRunnerException($"The Job {Cluster.NameOf(task.Mark)} in namespace '{settings.Namespace}' is another build's.") { IsTransient = true };
    }

    /// <returns>What was made; null when it is there already.</returns>
    private Task<JsonNode?> CreateOnceAsync(Func<CancellationToken, Task<JsonNode>> create, CancellationToken cancellationToken) => patience.CallAsync<JsonNode?>(
        async _ =>
        {
            try
            {
                // Not broken off: a Job that is made after it was deleted would be nobody's.
                return await create(CancellationToken.None);
            }
            catch (CallException fault) when (fault.Status == 409)
            {
                return null;
            }
        },
        CreateLimit,
        cancellationToken);

    /// <summary>Deletes the Job and, when the build may still run, waits for the end of its pods; cancelled or not.</summary>
    private async Task EndAsync(string mark, bool isOver)
    {
        using var limit = new CancellationTokenSource(RemoveLimit, clock);
        try
        {
            await DeleteAsync(mark, limit.Token);
            while (!isOver && (await patience.CallAsync(stop => cluster.ListPodsAsync(mark, stop), RemoveLimit, limit.Token)).Pods.Count > 0)
            {
                await Task.Delay(GonePause, clock, limit.Token);
            }
        }
        catch (Exception fault) when (fault is CallException or OperationCanceledException)
        {
            LogLeft(Cluster.NameOf(mark), settings.Namespace, fault is CallException ? fault.Message : "It was not gone in time.");
        }
    }

    private Task<bool> DeleteAsync(string mark, CancellationToken cancellationToken) => patience.CallAsync(
        async stop =>
        {
            await cluster.DeleteJobAsync(mark, stop);
            return true;
        },
        RemoveLimit,
        cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The Job {Job} in namespace {Namespace} may still be there: {Fault} Its deadline ends it.")]
    private partial void LogLeft(string job, string @namespace, string fault);
}
