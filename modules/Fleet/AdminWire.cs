using System.Text.Json.Serialization;

namespace Refinery.Fleet;

/// <summary>Who leads, and who could.</summary>
/// <param name="CurrentLeader">Null for the moment in which none leads.</param>
/// <param name="ActivePods">Live pods, those on other machines included.</param>
/// <param name="LastElectionCheck">When the leader last proved that it leads.</param>
/// <param name="Term">Grows with each election; every write of a leader carries its own.</param>
internal sealed record LeaderAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? CurrentLeader,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? LeaderBirthTs,
    int ActivePods,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? LastElectionCheck,
    long Term,
    ElectionAnswer ElectionDetails);

/// <summary>The pods among which the eldest leads.</summary>
internal sealed record ElectionAnswer(IReadOnlyList<EligiblePod> EligiblePods);

/// <summary>A live pod that may lead: one inside a host, because the others do not know the database.</summary>
internal sealed record EligiblePod(string PodId, DateTimeOffset BirthTs, DateTimeOffset LastHeartbeatTs, bool IsLeader);

/// <summary>The queue in figures.</summary>
/// <param name="FailedSteps">Cancelled ones count as failed.</param>
/// <param name="QueueDepthByPriority">Pending steps by priority; they sum to <see cref="PendingSteps"/>.</param>
/// <param name="StepsByType">Pending steps by type; they sum to <see cref="PendingSteps"/>.</param>
/// <param name="PodCapacity">Live pods.</param>
internal sealed record QueueFigures(
    long PendingSteps,
    long ClaimedSteps,
    long CompletedSteps,
    long FailedSteps,
    int ActivePods,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? CurrentLeader,
    IReadOnlyDictionary<string, long> QueueDepthByPriority,
    IReadOnlyDictionary<string, long> StepsByType,
    IReadOnlyDictionary<string, PodRoom> PodCapacity);

/// <summary>What a pod holds, and what it may hold.</summary>
internal sealed record PodRoom(long Current, long Max);
