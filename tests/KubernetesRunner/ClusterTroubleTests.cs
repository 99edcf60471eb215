using Refinery.Tests.Builds;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>A cluster in trouble: connections that break, servers that restart, pods that vanish, and what a person is told.</summary>
public sealed class ClusterTroubleTests
{
    private const int Lines = 600;

    [Fact]
    public async Task No_line_is_lost_or_doubled_however_often_the_connection_breaks()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardtorn", $$"""
            import os, sys, time
            if 'bdist_wheel' in sys.argv:
                for n in range({{Lines}}):
                    print('line', n, '.' * (n % 300), flush=True)
                    if n % 20 == 0: time.sleep(0.05)
                while not os.path.exists('{{yard.Gate}}'): time.sleep(0.05)
            """);
        var building = yard.Yard.BuildAsync(new { package = "yardtorn", version = "1.0" });
        await yard.UntilSaidAsync("yardtorn", "line ");

        for (var round = 0; round < 5; round++)
        {
            var calls = yard.Cluster.Api.LogCalls;
            yard.Cluster.Cut();
            await Wait.UntilAsync(() => Task.FromResult(yard.Cluster.Api.LogCalls > calls));
        }

        yard.Cluster.Api.ForgetsNextWatch = true;
        yard.Cluster.Cut();
        await Wait.UntilAsync(() => Task.FromResult(!yard.Cluster.Api.ForgetsNextWatch));
        await yard.Cluster.CloseAsync();
        await File.WriteAllTextAsync(yard.Gate, string.Empty);
        await yard.Cluster.OpenAsync();
        await building;

        var log = await yard.Yard.LogAsync("yardtorn");
        Assert.True((await yard.Yard.WordsAsync("yardtorn"))[^1] == "built", log);
        var numbers = log.Split('\n').Select(line => line.Trim().Split(' ')).Where(words => words[0] == "line").Select(words => int.Parse(words[1]));
        Assert.Equal(Enumerable.Range(0, Lines), numbers);
    }

    [Fact]
    public async Task A_token_that_is_rotated_meanwhile_is_read_again()
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardtoken", $"import os, time\nprint('begun', flush=True)\nwhile not os.path.exists('{yard.Gate}'): time.sleep(0.05)");
        var building = yard.Yard.BuildAsync(new { package = "yardtoken", version = "1.0" });
        await yard.UntilSaidAsync("yardtoken", "begun");

        yard.Cluster.Token = "account-token-2";
        yard.Cluster.Cut();
        await Wait.UntilAsync(() => Task.FromResult(yard.Cluster.Strangers > 0));
        await File.WriteAllTextAsync(yard.TokenFile, yard.Cluster.Token);
        await File.WriteAllTextAsync(yard.Gate, string.Empty);
        await building;

        Assert.Equal("built", (await yard.Yard.WordsAsync("yardtoken"))[^1]);
    }

    [Fact]
    public async Task Credentials_that_stay_wrong_end_the_build()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Token = "another";
        SourceArchive.WritePure(yard.Sources, "yardstranger");

        await yard.Yard.BuildAsync(new { package = "yardstranger", version = "1.0", max_retries = 2 });

        Assert.Equal(["queued", "building", "failed"], await yard.Yard.WordsAsync("yardstranger"));
        Assert.Equal(
            $"The cluster at {yard.Cluster.Root}/ does not take the credentials (Unauthorized); those of an account with the Role in README.md are expected.",
            (await yard.Yard.HistoryAsync("yardstranger"))[^1].GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_job_whose_creation_was_not_answered_is_our_own()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Api.DropsNextAnswer = true;
        SourceArchive.WritePure(yard.Sources, "yardonce");

        await yard.Yard.BuildAsync(new { package = "yardonce", version = "1.0" });

        Assert.Equal("built", (await yard.Yard.WordsAsync("yardonce"))[^1]);
        Assert.Equal(2, yard.Objects.Written.Count(value => value["kind"]?.ToString() == "Job"));
    }

    [Theory]
    [InlineData(true, "was ended by the cluster (Evicted: The node was low on resource: ephemeral-storage).")]
    [InlineData(false, "was deleted before its end (nobody says why).")]
    public async Task A_pod_that_the_cluster_takes_away_is_built_again(bool isEvicted, string sentence)
    {
        await using var yard = await ClusterYard.StartAsync();
        SourceArchive.WriteRunning(yard.Sources, "yardevicted", $"import os, time\nprint('begun', flush=True)\nwhile not os.path.exists('{yard.Gate}'): time.sleep(0.05)");
        var building = yard.Yard.BuildAsync(new { package = "yardevicted", version = "1.0", max_retries = 1 });
        await yard.UntilSaidAsync("yardevicted", "begun");

        var pod = Assert.Single(yard.Objects.List("pods", _ => true))["metadata"]!["name"]!.ToString();
        (isEvicted ? (Action<string>)yard.Cluster.Kubelet.Evict : yard.Cluster.Kubelet.DeletePod)(pod);
        await File.WriteAllTextAsync(yard.Gate, string.Empty);
        await building;

        Assert.Equal(["queued", "building", "failed_attempt", "retry", "building", "built"], await yard.Yard.WordsAsync("yardevicted"));
        Assert.Contains($"The pod of the build {sentence}", await yard.Yard.LogAsync("yardevicted"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_does_not_cost_the_wheel()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Api.HidesLogs = true;
        SourceArchive.WritePure(yard.Sources, "yardsilent");

        await yard.Yard.BuildAsync(new { package = "yardsilent", version = "1.0" });

        var log = await yard.Yard.LogAsync("yardsilent");
        Assert.True((await yard.Yard.WordsAsync("yardsilent"))[^1] == "built", log);
        Assert.Contains("The log of the build cannot be read now: ", log, StringComparison.Ordinal);
        Assert.Contains("The rest of the log cannot be read (", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_role_does_not_allow_is_named()
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Api.Role = [("delete", "batch", "jobs"), ("list", "", "pods")];
        SourceArchive.WritePure(yard.Sources, "yardrole");

        await yard.Yard.BuildAsync(new { package = "yardrole", version = "1.0", max_retries = 2 });
        using var smoke = await yard.Yard.Host.Http.PostAsync("/api/worker/smoke", content: null);

        Assert.StartsWith(
            $"The cluster at {yard.Cluster.Root}/ does not allow to create jobs in namespace 'builds' (jobs is forbidden: ",
            (await yard.Yard.HistoryAsync("yardrole"))[^1].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(["queued", "building", "failed"], await yard.Yard.WordsAsync("yardrole"));
        Assert.Contains("The cluster does not allow to create jobs in namespace 'builds'; README.md has the Role that is expected.", await smoke.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", "pods/log")]
    [InlineData("watch", "pods")]
    public async Task What_cannot_be_followed_is_not_waited_for(string verb, string resource)
    {
        await using var yard = await ClusterYard.StartAsync();
        yard.Cluster.Api.Role!.Remove((verb, "", resource));
        SourceArchive.WriteRunning(yard.Sources, "yardblind", "import time\ntime.sleep(1000)");

        await yard.Yard.BuildAsync(new { package = "yardblind", version = "1.0", max_retries = 2 });

        Assert.Equal(["queued", "building", "failed"], await yard.Yard.WordsAsync("yardblind"));
        Assert.Contains($"does not allow to {verb} {resource} in namespace 'builds'", await yard.Yard.LogAsync("yardblind"), StringComparison.Ordinal);
        await yard.UntilEmptyAsync();
    }

    [Fact]
    public async Task The_role_on_the_page_allows_exactly_what_is_used()
    {
        await using var index = await Builds.Index.IndexStub.StartAsync();
        await using var yard = await ClusterYard.StartAsync(("BUILD_NETWORK", "1"), ("NO_INDEX", "0"), ("INDEX_URL", index.Simple.Replace("//", "//builder:hunter2@", StringComparison.Ordinal)));
        yard.Cluster.Api.DropsNextAnswer = true;
        SourceArchive.WritePure(yard.Sources, "yardverbs");

        await yard.Yard.BuildAsync(new { package = "yardverbs", version = "1.0" });
        using var smoke = await yard.Yard.Host.Http.PostAsync("/api/worker/smoke", content: null);

        Assert.True((await yard.Yard.WordsAsync("yardverbs"))[^1] == "built", await yard.Yard.LogAsync("yardverbs"));
        Assert.Contains("\"runner\":\"ok\"", (await smoke.Content.ReadAsStringAsync()).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(ClusterYard.RoleOnThePage().Order(), yard.Cluster.Api.Asked.Keys.Order());
    }
}
