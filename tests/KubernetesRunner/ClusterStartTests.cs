using System.Text.Json.Nodes;
using Refinery.Tests.Builds;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>Builds that the cluster does not start, or not at once: what is waited for, and what a person is told.</summary>
public sealed class ClusterStartTests
{
    private const string SyncFault = "failed to sync secret cache: timed out waiting for the condition";

    [Fact]
    public async Task A_secret_that_is_not_there_is_named_and_nothing_is_tried_again()
    {
        await using var yard = await ClusterYard.StartAsync(("KUBERNETES_TOKEN_SECRET", "absent"));
        SourceArchive.WritePure(yard.Sources, "yardsecret");

        await yard.Yard.BuildAsync(new { package = "yardsecret", version = "1.0", max_retries = 2 });

        Assert.Equal(["queued", "building", "failed"], await yard.Yard.WordsAsync("yardsecret"));
        Assert.Contains("cannot start (CreateContainerConfigError): secret \"absent\" not found.", await yard.Yard.LogAsync("yardsecret"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_that_no_node_takes_says_why_it_waits()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Kubelet.HasRoom = false;
        SourceArchive.WritePure(yard.Sources, "yardwaits");
        var building = yard.Yard.BuildAsync(new { package = "yardwaits", version = "1.0" });

        await yard.UntilSaidAsync("yardwaits", "The build waits for a node of the cluster: 0/3 nodes are available: 3 Insufficient cpu.");
        yard.Cluster.Kubelet.MakeRoom();
        await building;

        Assert.Equal("built", (await yard.Yard.WordsAsync("yardwaits"))[^1]);
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_named()
    {
        await using var yard = await ClusterYard.StartAsync(("BUILD_IMAGE", "registry.example/absent:1"));
        SourceArchive.WritePure(yard.Sources, "yardimage");

        await yard.Yard.BuildAsync(new { package = "yardimage", version = "1.0", max_retries = 0 });

        Assert.Equal(
            "The container 'fetch' of image 'registry.example/absent:1' cannot start (ErrImagePull): failed to pull and unpack image \"registry.example/absent:1\": not found.",
            (await yard.Yard.HistoryAsync("yardimage"))[^1].GetProperty("detail").GetString());
        await yard.UntilEmptyAsync();
    }

    [Fact]
    public async Task A_key_that_a_secret_has_not_is_named_and_nothing_is_tried_again()
    {
        await using var yard = await ClusterYard.StartAsync(("KUBERNETES_TOKEN_SECRET", "keyless"));
        yard.Objects.Add("secrets", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "keyless" }, ["data"] = new JsonObject() });
        SourceArchive.WritePure(yard.Sources, "yardkey");

        await yard.Yard.BuildAsync(new { package = "yardkey", version = "1.0", max_retries = 2 });

        Assert.Equal(["queued", "building", "failed"], await yard.Yard.WordsAsync("yardkey"));
        Assert.Contains("cannot start (CreateContainerConfigError): couldn't find key token in Secret builds/keyless.", await yard.Yard.LogAsync("yardkey"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_could_not_ask_for_a_secret_asks_again()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Kubelet.ConfigFault = _ => SyncFault;
        SourceArchive.WritePure(yard.Sources, "yardsync");
        var building = yard.Yard.BuildAsync(new { package = "yardsync", version = "1.0", max_retries = 0 });

        await Wait.UntilAsync(() => Task.FromResult(yard.Objects.List("pods", pod => pod.ToJsonString().Contains("failed to sync", StringComparison.Ordinal)).Count > 0));
        yard.Cluster.Kubelet.ConfigFault = _ => null;
        await building;

        Assert.Equal("built", (await yard.Yard.WordsAsync("yardsync"))[^1]);
    }

    [Fact]
    public async Task A_container_that_stays_without_its_settings_ends_the_attempt()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Kubelet.ConfigFault = pod => pod == 1 ? SyncFault : null;
        SourceArchive.WritePure(yard.Sources, "yardstays");

        await yard.Yard.BuildAsync(new { package = "yardstays", version = "1.0", max_retries = 1 });

        Assert.Equal(["queued", "building", "failed_attempt", "retry", "building", "built"], await yard.Yard.WordsAsync("yardstays"));
        Assert.Contains(
            $"cannot start (CreateContainerConfigError): {SyncFault}.",
            (await yard.Yard.HistoryAsync("yardstays"))[2].GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_build_that_the_cluster_never_started_is_tried_again(bool hasQuota)
    {
        await using var yard = await ClusterYard.StartAsync(("BUILD_TIMEOUT_SEC", "4"));
        yard.Cluster.Kubelet.HasRoom = false;
        yard.Cluster.Kubelet.HasQuota = hasQuota;
        SourceArchive.WritePure(yard.Sources, "yardnever");

        await yard.Yard.BuildAsync(new { package = "yardnever", version = "1.0", max_retries = 1 });

        Assert.Equal(["queued", "building", "failed_attempt", "retry", "building", "failed"], await yard.Yard.WordsAsync("yardnever"));
        Assert.Equal("The cluster did not start the build within 4 seconds.", (await yard.Yard.HistoryAsync("yardnever"))[^1].GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_job_without_a_pod_says_where_the_reason_stands()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Kubelet.HasQuota = false;
        SourceArchive.WritePure(yard.Sources, "yardquota");
        var building = yard.Yard.BuildAsync(new { package = "yardquota", version = "1.0", max_retries = 0 });

        await yard.UntilSaidAsync("yardquota", "The cluster has made no pod for the build yet; `kubectl describe job refinery-");
        yard.Objects.Remove("jobs", yard.Job["metadata"]!["name"]!.ToString());
        await building;

        Assert.Equal("The Job of the build ended before it had a pod (the Job was deleted).", (await yard.Yard.HistoryAsync("yardquota"))[^1].GetProperty("detail").GetString());
    }
}
