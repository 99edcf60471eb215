using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Refinery.KubernetesRunner;

/// <summary>What the runner asks of the API server, in one namespace; the Role in README.md allows exactly this.</summary>
/// <remarks>Source: https://kubernetes.io/docs/reference/kubernetes-api/.</remarks>
internal sealed class Cluster(ClusterConnection connection, string space) : IDisposable
{
    /// <summary>The label that everything of a build carries; its value is the build's mark.</summary>
    public const string MarkLabel = "refinery/build";

    /// <summary>A log that tells nothing ends after this: a build may be silent for longer, and then it is asked for again.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(60);

    private const int MaxPodBytes = 4 << 20;

    private string Jobs => $"apis/batch/v1/namespaces/{space}/jobs";

    private string Pods => $"api/v1/namespaces/{space}/pods";

    /// <summary>The name of a build's Job and Secret.</summary>
    public static string NameOf(string mark) => $"refinery-{mark}";

    public Task<JsonNode> CreateJobAsync(JsonObject job, CancellationToken cancellationToken) =>
        connection.SendAsync(new(HttpMethod.Post, "create", "jobs", space, $"{Jobs}?fieldValidation=Strict", job), cancellationToken);

    public Task<JsonNode> FindJobAsync(string mark, CancellationToken cancellationToken) =>
        connection.SendAsync(new(HttpMethod.Get, "get", "jobs", space, JobOf(mark)), cancellationToken);

    /// <summary>Deletes a build's Job; its pods, and what else it owns, follow. One that is gone is no fault.</summary>
    public async Task DeleteJobAsync(string mark, CancellationToken cancellationToken)
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = "Background" };
        try
        {
            await connection.SendAsync(new(HttpMethod.Delete, "delete", "jobs", space, JobOf(mark), options), cancellationToken);
        }
        catch (CallException fault) when (fault.Status == 404)
        {
        }
    }

    public Task<JsonNode> CreateSecretAsync(JsonObject secret, CancellationToken cancellationToken) =>
        connection.SendAsync(new(HttpMethod.Post, "create", "secrets", space, $"api/v1/namespaces/{space}/secrets?fieldValidation=Strict", secret), cancellationToken);

    /// <summary>The pods of a build, with the version that a watch goes on from.</summary>
    public async Task<(IReadOnlyList<PodState> Pods, string Version)> ListPodsAsync(string mark, CancellationToken cancellationToken)
    {
        var list = await connection.SendAsync(new(HttpMethod.Get, "list", "pods", space, $"{Pods}?{Selector(mark)}"), cancellationToken);
        return ([.. (list["items"] as JsonArray ?? []).OfType<JsonObject>().Select(pod => new PodState(pod))], PodState.Text(list["metadata"], "resourceVersion") ?? "0");
    }

    /// <summary>The changes of a build's pods after a version, until the server ends the watch.</summary>
    /// <param name="limit">After this the server is to end it.</param>
    /// <returns>Each pod as it became.</returns>
    /// <exception cref="CallException">The version is too old (410), or the connection broke: list again.</exception>
    public async IAsyncEnumerable<PodState> WatchPodsAsync(string mark, string version, TimeSpan limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = new ClusterCall(
            HttpMethod.Get, "watch", "pods", space, $"{Pods}?{Selector(mark)}&watch=true&resourceVersion={Uri.EscapeDataString(version)}&timeoutSeconds={limit.TotalSeconds:0}");
        var lines = new ByteLines(MaxPodBytes);
        await foreach (var chunk in connection.ReadAsync(call, limit * 1.5, cancellationToken))
        {
            foreach (var pod in lines.Add(chunk.Span).Select(Change))
            {
                yield return pod;
            }
        }
    }

    /// <summary>The log of a build's container from an instant on, as it grows, until the container ends.</summary>
    /// <param name="since">Whole seconds count, as the API has it; null for all.</param>
    /// <exception cref="CallException">The connection broke, or nothing was said for long: ask again.</exception>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> FollowLogAsync(string pod, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var from = since is { } instant ? $"&sinceTime={instant.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}" : string.Empty;
        var call = new ClusterCall(
            HttpMethod.Get, "get", "pods/log", space, $"{Pods}/{Uri.EscapeDataString(pod)}/log?container={BuildJob.BuildContainer}&follow=true&timestamps=true{from}");
        return connection.ReadAsync(call, SilenceLimit, cancellationToken);
    }

    /// <summary>Whether Jobs may be made; it asks without making one.</summary>
    public async Task<bool> MayCreateJobsAsync(CancellationToken cancellationToken)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["kind"] = "SelfSubjectAccessReview",
            ["spec"] = new JsonObject { ["resourceAttributes"] = new JsonObject { ["namespace"] = space, ["verb"] = "create", ["group"] = "batch", ["resource"] = "jobs" } },
        };
        var answer = await connection.SendAsync(
            new(HttpMethod.Post, "create", "selfsubjectaccessreviews", space, "apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review), cancellationToken);
        return answer["status"]?["allowed"]?.GetValue<bool>() == true;
    }

    public void Dispose() => connection.Dispose();

    private static PodState Change(ByteLine line)
    {
        var change = ClusterConnection.Parse(line.Bytes) ?? throw new CallException(0, "The cluster answered a watch with something else than JSON.");
        var pod = change["object"] as JsonObject ?? [];
        return PodState.Text(change, "type") is not "ERROR" and var type
            ? new PodState(pod) { IsDeleted = type == "DELETED" }
            : throw new CallException(pod["code"]?.GetValue<int>() ?? 500, "The cluster ended a watch.");
    }

    private static string Selector(string mark) => $"labelSelector={Uri.EscapeDataString($"{MarkLabel}={mark}")}";

    private string JobOf(string mark) => $"{Jobs}/{Uri.EscapeDataString(NameOf(mark))}";
}
