using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Builds;
using Refinery.Tests.Worker;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>The programs as processes of their own: a host that is killed, a worker elsewhere, a rebuild.</summary>
public sealed class ClusterHostTests
{
    [Fact]
    public async Task What_a_killed_host_left_in_the_cluster_is_deleted_at_its_next_start()
    {
        using var folder = new TemporaryFolder();
        await using var yard = await ClusterYard.StartClusterAsync();
        SourceArchive.WriteRunning(folder.File("sdists"), "yardkilled", "import time\ntime.sleep(1000)");
        await using (var first = Start(folder, yard, ("AUTO_BUILD", "1")))
        {
            yard.Serve(await first.ReadyAsync());
            using var http = new HttpClient { BaseAddress = await first.ReadyAsync() };
            using var queued = await http.PostAsJsonAsync("/api/queue/enqueue", new { package = "yardkilled", version = "1.0" });
            await Wait.UntilAsync(() => Task.FromResult(yard.Count("pods") == 1));
            first.Kill();
            await first.ExitAsync();
        }

        var left = yard.Count("jobs");
        await using var second = Start(folder, yard, ("LOCAL_WORKER", "0"));
        await second.ReadyAsync();

        Assert.Equal(1, left);
        Assert.Equal(0, yard.Count("jobs"));
        await yard.UntilEmptyAsync();
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("data/work")));
    }

    [Fact]
    public async Task Marks_are_kept_while_the_cluster_is_away_and_it_is_asked_once()
    {
        using var folder = new TemporaryFolder();
        await using var yard = await ClusterYard.StartClusterAsync();
        Directory.CreateDirectory(folder.File("data/work"));
        string[] marks = ["six-1-left", "six-2-left", "six-3-left"];
        foreach (var (index, mark) in marks.Index())
        {
            await File.WriteAllLinesAsync(folder.File($"data/work/{mark}.mark"), ["another boot", "4000000 1", $"abcdef0{index}"]);
        }

        await yard.Cluster.CloseAsync();

        await using var host = Start(folder, yard);
        await host.ReadyAsync();
        host.Kill();
        await host.ExitAsync();

        Assert.All(marks, mark => Assert.True(File.Exists(folder.File($"data/work/{mark}.mark"))));
        Assert.Equal(2, host.Output.Split("It is looked for again at the next start.").Length);
        await yard.Cluster.OpenAsync();
    }

    [Fact]
    public async Task A_worker_elsewhere_builds_in_the_cluster_by_way_of_its_server()
    {
        await using var cluster = await ClusterYard.StartClusterAsync();
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 15);
        cluster.Objects.Add("secrets", (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(
            $$$"""{"metadata": {"name": "yard"}, "data": {"token": "{{{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(WorkerYard.Token))}}}"}}""")!);
        SourceArchive.WritePure(yard.Folder.File("sdists"), "yardfar");
        using var queued = await yard.Http.PostAsJsonAsync("/api/queue/enqueue", new { package = "yardfar", version = "1.0" });
        var step = (await queued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("step_id").GetString()!;

        yard.StartWorker(
            ["--server", yard.Http.BaseAddress!.ToString(), "--token", WorkerYard.Token, "--kinds", "wheel_build"],
            [
                .. BuildYard.Settings(yard.Folder.File("sdists")), .. cluster.Settings.Where(setting => setting.Name != "KUBERNETES_FILES_URL"),
                ("KUBERNETES_TOKEN_SECRET", "yard"), ("RECIPES", "suggest"), ("PLUGINS_DIR", Paths.HostPlugins),
            ]);
        await yard.UntilAsync("completed", step);

        Assert.Equal("built", (await yard.GetAsync("/api/manifest")).EnumerateArray().Single().GetProperty("status").GetString());
        Assert.Contains("as Job refinery-", (await yard.GetAsync("/api/logs/yardfar/1.0")).GetProperty("content").GetString(), StringComparison.Ordinal);
        await cluster.UntilEmptyAsync();
    }

    [Fact]
    public async Task A_rebuild_builds_in_the_cluster_by_way_of_a_server()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RefineryHost.StartAsync();
        await using var yard = await ClusterYard.StartClusterAsync();
        yard.Serve(server.Http.BaseAddress!);
        SourceArchive.WritePure(folder.File("sdists"), "yardlist");
        await File.WriteAllTextAsync(folder.File("requirements.txt"), "yardlist==1.0\n");

        await using var run = HostRun.Start(folder, ["rebuild", "requirements.txt"], [.. BuildYard.Settings(folder.File("sdists")), .. yard.Settings, ("RECIPES", "suggest")]);
        var code = await run.ExitAsync();

        Assert.True(code == 0, run.Output + run.Errors);
        Assert.Single(Directory.GetFiles(folder.File("wheelhouse"), "yardlist-1.0-*.whl"));
        await yard.UntilEmptyAsync();
    }

    [Fact]
    public async Task An_unknown_runner_ends_the_program()
    {
        using var folder = new TemporaryFolder();
        await using var run = HostRun.Start(folder, [], ("BUILD_RUNNER", "kubernets"));

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal($"BUILD_RUNNER 'kubernets' has no runner; found: container, kubernetes, process.{Environment.NewLine}", run.Errors);
    }

    private static HostRun Start(TemporaryFolder folder, ClusterYard yard, params (string Name, string Value)[] settings) =>
        HostRun.Start(folder, [], [.. BuildYard.Settings(folder.File("sdists")), .. yard.Settings, ("RECIPES", "suggest"), ("HINT_CATALOGUE", "0"), .. settings]);
}
