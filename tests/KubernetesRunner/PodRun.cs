using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Refinery.Builds.Processes;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>What a kubelet does with one pod: its containers are processes of this machine, their mounts folders, their ends told in the pod's status.</summary>
internal sealed class PodRun(ClusterObjects objects, Kubelet kubelet, JsonObject pod, int number)
{
    private readonly string name = pod["metadata"]!["name"]!.ToString();
    private readonly string uid = pod["metadata"]!["uid"]!.ToString();
    private readonly JsonNode spec = pod["spec"]!;
    private readonly TaskCompletionSource going = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What each container printed.</summary>
    public Dictionary<string, ContainerLog> Logs { get; } = ObjectCheck.Containers(pod["spec"]).ToDictionary(container => container["name"]!.ToString(), _ => new ContainerLog(), StringComparer.Ordinal);

    /// <summary>Ends it, as a deleted pod ends: TERM, and KILL after the grace.</summary>
    public void Go() => going.TrySetResult();

    public async Task RunAsync()
    {
        var failed = false;
        Tell(status => status["phase"] = "Pending");
        if (!kubelet.HasRoom)
        {
            Tell(status => status["conditions"] = new JsonArray(new JsonObject { ["type"] = "PodScheduled", ["status"] = "False", ["reason"] = "Unschedulable", ["message"] = "0/3 nodes are available: 3 Insufficient cpu." }));
            await Task.WhenAny(going.Task, kubelet.Room);
            Tell(status => status["conditions"] = new JsonArray(new JsonObject { ["type"] = "PodScheduled", ["status"] = "True" }));
        }

        foreach (var list in new[] { "initContainers", "containers" })
        {
            foreach (var container in (spec[list] as JsonArray ?? []).OfType<JsonObject>().TakeWhile(_ => !failed && !going.Task.IsCompleted))
            {
                failed = !await RunAsync(container, list == "containers" ? "containerStatuses" : "initContainerStatuses");
            }
        }

        if (!going.Task.IsCompleted)
        {
            Tell(status => status["phase"] = failed ? "Failed" : "Succeeded");
            await going.Task;
        }

        foreach (var log in Logs.Values)
        {
            log.End();
        }

        objects.Remove("pods", name);
    }

    /// <summary>What the pod's status says of a container.</summary>
    private void Tell(JsonObject container, string list, JsonObject state) => Tell(status =>
    {
        var statuses = status[list] as JsonArray ?? (JsonArray)(status[list] = new JsonArray());
        foreach (var old in statuses.Where(old => old!["name"]!.ToString() == container["name"]!.ToString()).ToList())
        {
            statuses.Remove(old);
        }

        statuses.Add(new JsonObject { ["name"] = container["name"]!.DeepClone(), ["image"] = container["image"]!.DeepClone(), ["restartCount"] = 0, ["ready"] = false, ["state"] = state });
    });

    private void Tell(Action<JsonObject> change) => objects.Change("pods", name, found => change(found["status"] as JsonObject ?? (JsonObject)(found["status"] = new JsonObject())));

    /// <summary>Runs one container.</summary>
    /// <returns>Whether it ended well.</returns>
    private async Task<bool> RunAsync(JsonObject container, string list)
    {
        while (Obstacle(container) is { } obstacle)
        {
            // A kubelet tries again and again.
            Tell(container, list, new JsonObject { ["waiting"] = new JsonObject { ["reason"] = obstacle.Reason, ["message"] = obstacle.Message } });
            await Task.WhenAny(going.Task, Task.Delay(TimeSpan.FromMilliseconds(500)));
            if (going.Task.IsCompleted)
            {
                return false;
            }
        }

        var key = container["name"]!.ToString();
        var report = kubelet.Folder(uid, $"report-{key}") + "/message";
        var variables = Environment(container);
        var command = new[] { "command", "args" }.SelectMany(part => container[part] as JsonArray ?? []).Select(word => Inside(Expand(word!.ToString(), variables), report)).ToList();
        var program = Programs.Find(command[0], variables["PATH"])!;
        var child = SpawnedChild.Start(program, command[1..], Inside(container["workingDir"]?.ToString() ?? "/", report), variables.ToDictionary(variable => variable.Key, variable => Inside(variable.Value, report)));
        Tell(container, list, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ") } });
        var reading = Task.Factory.StartNew(() => Pump(child.Output, Logs[key]), TaskCreationOptions.LongRunning);
        await Task.WhenAny(child.WaitAsync(), going.Task);
        if (going.Task.IsCompleted && Hears(child.Pid, Native.SignalTerm))
        {
            _ = Native.kill(child.Pid, Native.SignalTerm);
        }

        if (going.Task.IsCompleted)
        {
            await Task.WhenAny(child.WaitAsync(), Task.Delay(TimeSpan.FromSeconds(spec["terminationGracePeriodSeconds"]!.GetValue<int>())));
        }

        await new ProcessGroup(child.Pid, uid, TimeProvider.System).EndAsync(TimeSpan.Zero);
        await reading;
        var code = child.Reap();
        Logs[key].End();
        Tell(container, list, new JsonObject { ["terminated"] = Ended(key, code, report) });
        return code == 0;
    }

    /// <summary>The first process of a container gets no signal that it has no handler for.</summary>
    private static bool Hears(int process, int signal)
    {
        var caught = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("SigCgt:", StringComparison.Ordinal));
        return (Convert.ToUInt64(caught["SigCgt:".Length..].Trim(), 16) >> (signal - 1) & 1) == 1;
    }

    private JsonObject Ended(string container, int code, string report) => new()
    {
        ["exitCode"] = code,
        ["reason"] = code == 0 ? "Completed" : code == 137 && kubelet.IsShortOfMemory ? "OOMKilled" : "Error",
        ["message"] = File.Exists(report) ? File.ReadAllText(report) : code == 0 ? string.Empty : Logs[container].Tail(),
    };

    private (string Reason, string Message)? Obstacle(JsonObject container)
    {
        var image = container["image"]!.ToString();
        if (image != Kubelet.Image)
        {
            return ("ErrImagePull", $"failed to pull and unpack image \"{image}\": not found");
        }

        var fault = kubelet.ConfigFault(number) ?? Variables(container).Select(variable => variable["valueFrom"]?["secretKeyRef"]).Select(AbsenceOf).FirstOrDefault(absence => absence is not null);
        return fault is null ? null : ("CreateContainerConfigError", fault);
    }

    private string? AbsenceOf(JsonNode? reference) =>
        reference is null ? null
        : objects.Find("secrets", reference["name"]!.ToString()) is not { } secret ? $"secret \"{reference["name"]}\" not found"
        : secret["data"]?[reference["key"]!.ToString()] is null ? $"couldn't find key {reference["key"]} in Secret {FakeCluster.Namespace}/{reference["name"]}"
        : null;

    private static IEnumerable<JsonNode> Variables(JsonObject container) => (container["env"] as JsonArray ?? []).OfType<JsonNode>();

    private Dictionary<string, string> Environment(JsonObject container)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["HOSTNAME"] = name,
            ["KUBERNETES_SERVICE_HOST"] = "10.0.0.1",
            [ProcessGroup.MarkVariable] = uid,
        };
        foreach (var variable in Variables(container))
        {
            var secret = variable["valueFrom"]?["secretKeyRef"];
            variables[variable["name"]!.ToString()] = secret is null
                ? Expand(variable["value"]?.ToString() ?? string.Empty, variables)
                : Encoding.UTF8.GetString(Convert.FromBase64String(objects.Find("secrets", secret["name"]!.ToString())!["data"]![secret["key"]!.ToString()]!.ToString()));
        }

        return variables;
    }

    /// <summary>Variables as a kubelet expands them: <c>$(NAME)</c> when it is known, <c>$$</c> for one sign.</summary>
    private static string Expand(string text, Dictionary<string, string> variables) => Regex.Replace(
        text, @"\$(\$|\((?<name>[^)]*)\))", match => match.Value == "$$" ? "$" : variables.GetValueOrDefault(match.Groups["name"].Value, match.Value));

    /// <summary>Paths below a mount, as paths of this machine.</summary>
    private string Inside(string text, string report)
    {
        foreach (var (path, folder) in new[] { ("/refinery", kubelet.Folder(uid, "work")), ("/tmp", kubelet.Folder(uid, "tmp")), ("/dev/termination-log", report) })
        {
            text = Regex.Replace(text, $@"(?<![\w./-]){path}(?=/|$|[""' :])", folder);
        }

        return text;
    }

    private static void Pump(int descriptor, ContainerLog log)
    {
        using var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        var buffer = new byte[8192];
        while (stream.Read(buffer) is > 0 and var count)
        {
            log.Append(buffer.AsSpan(0, count));
        }
    }
}
