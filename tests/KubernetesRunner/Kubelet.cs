using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>The node and the controllers of the cluster: pods of Jobs are made and run, deadlines kept, and what nobody owns any more is collected.</summary>
internal sealed class Kubelet(ClusterObjects objects) : IAsyncDisposable
{
    /// <summary>The one image that can be pulled.</summary>
    public const string Image = "registry.example/python:3";

    private readonly TemporaryFolder root = new();
    private readonly ConcurrentDictionary<string, PodRun> runs = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Task> tasks = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>False when no node takes a pod until <see cref="MakeRoom"/>.</summary>
    public bool HasRoom { get; set; } = true;

    /// <summary>False when a quota keeps Jobs from having pods.</summary>
    public bool HasQuota { get; set; } = true;

    /// <summary>What the containers of a pod, the first being 1, cannot be configured for at the moment; null when they can.</summary>
    public Func<int, string?> ConfigFault { get; set; } = _ => null;

    /// <summary>True when what is killed was killed for want of memory.</summary>
    public bool IsShortOfMemory { get; set; }

    public Task Room => room.Task;

    public void MakeRoom() => room.TrySetResult();

    public string Folder(string uid, string name) => Directory.CreateDirectory(root.File($"{uid}/{name}")).FullName;

    public ContainerLog? LogOf(string pod, string container) => runs.TryGetValue(pod, out var run) ? run.Logs.GetValueOrDefault(container) : null;

    /// <summary>Takes a Job that was just created.</summary>
    public void Take(JsonObject job)
    {
        var name = job["metadata"]!["name"]!.ToString();
        var seconds = job["spec"]!["activeDeadlineSeconds"]?.GetValue<int>() ?? 86_400;
        if (!HasQuota)
        {
            tasks.Add(Task.Run(() => KeepDeadlineAsync(name, pod: null, seconds)));
            return;
        }

        var template = job["spec"]!["template"]!;
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{name}-{Guid.NewGuid().ToString("N")[..5]}",
                ["labels"] = template["metadata"]!["labels"]!.DeepClone(),
                ["ownerReferences"] = new JsonArray(new JsonObject { ["kind"] = "Job", ["name"] = name, ["uid"] = job["metadata"]!["uid"]!.DeepClone() }),
            },
            ["spec"] = template["spec"]!.DeepClone(),
            ["status"] = new JsonObject { ["phase"] = "Pending" },
        };
        objects.Add("pods", pod);
        var podName = pod["metadata"]!["name"]!.ToString();
        var run = runs[podName] = new PodRun(objects, this, objects.Find("pods", podName)!, runs.Count + 1);
        tasks.Add(Task.Run(run.RunAsync));
        tasks.Add(Task.Run(() => KeepDeadlineAsync(name, podName, seconds)));
    }

    /// <summary>Deletes a pod: it is told to go, and is gone when its processes are.</summary>
    public void DeletePod(string pod)
    {
        objects.TellToGo(pod);
        runs[pod].Go();
    }

    /// <summary>Ends a pod as a node does that runs out of disk.</summary>
    public void Evict(string pod)
    {
        objects.Change("pods", pod, found =>
        {
            found["status"]!["phase"] = "Failed";
            found["status"]!["reason"] = "Evicted";
            found["status"]!["message"] = "The node was low on resource: ephemeral-storage.";
        });
        runs[pod].Go();
    }

    /// <summary>Deletes what a Job that is gone has owned.</summary>
    public void Collect(string uid)
    {
        bool IsOwned(JsonObject value) => (value["metadata"]!["ownerReferences"] as JsonArray ?? []).Any(owner => owner!["uid"]!.ToString() == uid);
        foreach (var pod in objects.List("pods", IsOwned))
        {
            DeletePod(pod["metadata"]!["name"]!.ToString());
        }

        foreach (var secret in objects.List("secrets", IsOwned))
        {
            objects.Remove("secrets", secret["metadata"]!["name"]!.ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        foreach (var run in runs.Values)
        {
            run.Go();
        }

        await Task.WhenAll(tasks);
        stopping.Dispose();
        root.Dispose();
    }

    /// <summary>As the Job controller of 1.30 does: the pods go first, and a moment later the Job says why.</summary>
    private async Task KeepDeadlineAsync(string job, string? pod, int seconds)
    {
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (objects.Find("jobs", job) is not null && (pod is null || objects.Find("pods", pod)?["status"]?["phase"]?.ToString() is not ("Succeeded" or "Failed")))
        {
            if (pod is not null)
            {
                DeletePod(pod);
            }

            objects.Change("jobs", job, found => found["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Failed", ["status"] = "True", ["reason"] = "DeadlineExceeded", ["message"] = "Job was active longer than specified deadline" }),
            });
        }
    }
}
