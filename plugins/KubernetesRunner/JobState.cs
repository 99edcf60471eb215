using System.Text.Json.Nodes;

namespace Refinery.KubernetesRunner;

/// <summary>What a Job says about its end.</summary>
internal static class JobState
{
    /// <summary>The reason of a Job that took longer than its activeDeadlineSeconds.</summary>
    public const string DeadlineExceeded = "DeadlineExceeded";

    /// <summary>Why it failed, one word.</summary>
    /// <param name="job">Null for one that was deleted.</param>
    /// <returns>Null while it has not failed.</returns>
    public static string? FailureOf(JsonNode? job) => job is null || job["metadata"]?["deletionTimestamp"] is not null
        ? "the Job was deleted"
        : (job["status"]?["conditions"] as JsonArray ?? [])
            .Where(condition => PodState.Text(condition, "type") is "Failed" or "FailureTarget" && PodState.Text(condition, "status") == "True")
            .Select(condition => PodState.Text(condition, "reason"))
            .FirstOrDefault();
}
