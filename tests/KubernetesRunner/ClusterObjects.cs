using System.Text.Json.Nodes;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>What a cluster holds: jobs, pods and secrets of one namespace, every change of a pod, and what was ever written.</summary>
internal sealed class ClusterObjects
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Resource, string Name), JsonObject> objects = [];
    private readonly List<(long Version, string Type, string Pod)> changes = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long version = 100;

    /// <summary>The newest version.</summary>
    public long Version => Volatile.Read(ref version);

    /// <summary>Everything that was ever created, as it was sent.</summary>
    public List<JsonObject> Written { get; } = [];

    /// <summary>When each object was gone, by resource and name.</summary>
    public Dictionary<string, DateTimeOffset> Gone { get; } = new(StringComparer.Ordinal);

    /// <summary>When each pod was first told to go.</summary>
    public Dictionary<string, DateTimeOffset> ToldToGo { get; } = new(StringComparer.Ordinal);

    /// <summary>False when there is one of that name.</summary>
    public bool Add(string resource, JsonObject value)
    {
        lock (gate)
        {
            var name = value["metadata"]!["name"]!.ToString();
            var meta = value["metadata"]!;
            Written.Add((JsonObject)value.DeepClone());
            if (objects.ContainsKey((resource, name)))
            {
                return false;
            }

            meta["uid"] = Guid.NewGuid().ToString();
            meta["creationTimestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ");
            objects[(resource, name)] = value;
            Note("ADDED", resource, value);
            return true;
        }
    }

    /// <summary>A copy of it; null when there is none.</summary>
    public JsonObject? Find(string resource, string name)
    {
        lock (gate)
        {
            return objects.TryGetValue((resource, name), out var found) ? (JsonObject)found.DeepClone() : null;
        }
    }

    public IReadOnlyList<JsonObject> List(string resource, Func<JsonObject, bool> filter)
    {
        lock (gate)
        {
            return [.. objects.Where(entry => entry.Key.Resource == resource && filter(entry.Value)).Select(entry => (JsonObject)entry.Value.DeepClone())];
        }
    }

    /// <summary>Changes what is still there.</summary>
    public void Change(string resource, string name, Action<JsonObject> change)
    {
        lock (gate)
        {
            if (objects.TryGetValue((resource, name), out var found))
            {
                change(found);
                Note("MODIFIED", resource, found);
            }
        }
    }

    public void Remove(string resource, string name)
    {
        lock (gate)
        {
            if (objects.Remove((resource, name), out var found))
            {
                Gone[$"{resource}/{name}"] = DateTimeOffset.UtcNow;
                Note("DELETED", resource, found);
            }
        }
    }

    /// <summary>Marks a pod as one that is to go.</summary>
    public void TellToGo(string pod) => Change("pods", pod, found =>
    {
        ToldToGo.TryAdd(pod, DateTimeOffset.UtcNow);
        found["metadata"]!["deletionTimestamp"] ??= DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ");
        found["metadata"]!["deletionGracePeriodSeconds"] = found["spec"]!["terminationGracePeriodSeconds"]?.DeepClone();
    });

    /// <summary>The changes of pods after a version, as lines of a watch; and what completes when there are more.</summary>
    public (IReadOnlyList<string> Lines, long Version, Task Changed) ChangesAfter(long after, Func<JsonObject, bool> filter)
    {
        lock (gate)
        {
            return (
                [.. changes.Where(change => change.Version > after && filter((JsonObject)JsonNode.Parse(change.Pod)!))
                    .Select(change => $$"""{"type":"{{change.Type}}","object":{{change.Pod}}}""" + "\n")],
                version, changed.Task);
        }
    }

    private void Note(string type, string resource, JsonObject value)
    {
        value["metadata"]!["resourceVersion"] = (++version).ToString();
        if (resource == "pods")
        {
            changes.Add((version, type, value.ToJsonString()));
        }

        changed.TrySetResult();
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
