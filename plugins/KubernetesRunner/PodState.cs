using System.Text.Json.Nodes;

namespace Refinery.KubernetesRunner;

/// <summary>A pod as the API server tells it.</summary>
internal sealed record PodState(JsonObject Pod)
{
    private static readonly string[] ContainerLists = ["initContainerStatuses", "containerStatuses"];

    /// <summary>It is not there any more.</summary>
    public bool IsDeleted { get; init; }

    public string Name => Text(Pod["metadata"], "name") ?? string.Empty;

    /// <summary>It was deleted, or is about to be.</summary>
    public bool IsGoing => IsDeleted || Pod["metadata"]?["deletionTimestamp"] is not null;

    public bool Succeeded => Text(Status, "phase") == "Succeeded";

    /// <summary>Why the node or the cluster ended it; null when its containers ended by themselves.</summary>
    public string? Eviction =>
        Text(Status, "phase") == "Failed" && Text(Status, "reason") is { } reason ? $"{reason}: {Text(Status, "message") ?? "no more is said"}"
        : Condition("DisruptionTarget", "True") is { } disruption ? Text(disruption, "message") ?? "DisruptionTarget"
        : null;

    /// <summary>Why no node takes it; null when one does.</summary>
    public string? Unschedulable => Condition("PodScheduled", "False") is { } condition ? Text(condition, "message") ?? Text(condition, "reason") : null;

    public IEnumerable<ContainerState> Containers =>
        ContainerLists
            .SelectMany(list => Status?[list] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(status => new ContainerState(status));

    private JsonNode? Status => Pod["status"];

    public ContainerState? Container(string name) => Containers.FirstOrDefault(container => container.Name == name);

    /// <summary>The text of a member, or null.</summary>
    public static string? Text(JsonNode? node, string name) => node?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private JsonNode? Condition(string type, string status) =>
        (Status?["conditions"] as JsonArray ?? []).FirstOrDefault(condition => Text(condition, "type") == type && Text(condition, "status") == status);
}

/// <summary>One container of a pod: waiting, running or ended.</summary>
internal sealed record ContainerState(JsonObject Status)
{
    public string? Name => PodState.Text(Status, "name");

    public string Image => PodState.Text(Status, "image") ?? "?";

    /// <summary>Why it does not start yet, one word; null when it did.</summary>
    public string? Waiting => PodState.Text(Status["state"]?["waiting"], "reason");

    /// <summary>It runs, or has run.</summary>
    public bool HasStarted => Status["state"]?["running"] is not null || ExitCode is not null;

    /// <summary>Null while it has not ended.</summary>
    public int? ExitCode => Ended?["exitCode"]?.GetValue<int>();

    /// <summary>The kernel ended it for want of memory.</summary>
    public bool IsOutOfMemory => PodState.Text(Ended, "reason") == "OOMKilled";

    /// <summary>What is said about its waiting, or what it left when it ended.</summary>
    public string Message => PodState.Text(Ended ?? Status["state"]?["waiting"], "message") ?? string.Empty;

    /// <summary>The last line of that.</summary>
    public string LastWords => Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("nothing is said").TrimEnd('.');

    private JsonNode? Ended => Status["state"]?["terminated"];
}
