using Refinery.KubernetesRunner;
using Refinery.Tests.Builds;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>What a build is foreign to, it does not see: tokens, and passwords in what anybody may read.</summary>
public sealed class ClusterSecretTests
{
    private const string Spy = "import os\nfor name, value in sorted(os.environ.items()): print(name + '=' + value, flush=True)";

    [Fact]
    public async Task The_servers_token_is_seen_by_the_containers_beside_the_build_alone()
    {
        await using var yard = await ClusterYard.StartAsync(("WORKER_TOKEN", "tell-nobody"), ("KUBERNETES_TOKEN_SECRET", "refinery-token"));
        yard.Objects.Add("secrets", (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(
            $$$"""{"metadata": {"name": "refinery-token"}, "data": {"token": "{{{Convert.ToBase64String("tell-nobody"u8)}}}"}}""")!);
        yard.Yard.Host.Http.DefaultRequestHeaders.Add("X-Worker-Token", "tell-nobody");
        SourceArchive.WriteRunning(yard.Sources, "yardspy", Spy);

        await yard.Yard.BuildAsync(new { package = "yardspy", version = "1.0" });

        var log = await yard.Yard.LogAsync("yardspy");
        Assert.True((await yard.Yard.WordsAsync("yardspy"))[^1] == "built", log);
        Assert.Contains("PIP_NO_INPUT=1", log, StringComparison.Ordinal);
        Assert.DoesNotContain("TOKEN", log, StringComparison.Ordinal);
        Assert.DoesNotContain("tell-nobody", log + yard.Job.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(["fetch", "store"], ObjectCheck.Containers(yard.Job["spec"]!["template"]!["spec"]).Where(container => container["env"]!.ToJsonString().Contains("refinery-token", StringComparison.Ordinal)).Select(container => container["name"]!.ToString()));
    }

    [Fact]
    public async Task Passwords_of_indexes_are_in_a_secret_of_the_job_and_nowhere_else()
    {
        await using var index = await Builds.Index.IndexStub.StartAsync();
        await using var yard = await ClusterYard.StartAsync(("BUILD_NETWORK", "1"), ("NO_INDEX", "0"), ("INDEX_URL", index.Simple.Replace("//", "//builder:hunter2@", StringComparison.Ordinal)));
        SourceArchive.WriteRunning(yard.Sources, "yardpassword", Spy);

        await yard.Yard.BuildAsync(new { package = "yardpassword", version = "1.0" });

        var log = await yard.Yard.LogAsync("yardpassword");
        Assert.True((await yard.Yard.WordsAsync("yardpassword"))[^1] == "built", log);
        Assert.Contains("PIP_INDEX_URL=http://****@127.0.0.1", log, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", log + yard.Job.ToJsonString(), StringComparison.Ordinal);
        var secret = Assert.Single(yard.Objects.Written, value => value["kind"]!.ToString() == "Secret");
        Assert.Contains("hunter2", secret.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(yard.Job["metadata"]!["name"]!.ToString(), secret["metadata"]!["ownerReferences"]![0]!["name"]!.ToString());
        await yard.UntilEmptyAsync();
        await Wait.UntilAsync(() => Task.FromResult(yard.Count("secrets") == 0));
    }

    [Theory]
    [InlineData("import os, sys; os.symlink('/proc/self/environ', sys.argv[1] + '/x.whl')")]
    [InlineData("import os, sys; os.rmdir(sys.argv[1]); os.symlink('/usr/share/python-wheels', sys.argv[1])")]
    [InlineData("import os, sys; os.mkfifo(sys.argv[1] + '/x.whl')")]
    [InlineData("import os, sys; os.mkdir(sys.argv[1] + '/x.whl')")]
    [InlineData("import sys; [open(sys.argv[1] + name, 'w') for name in ('/x.whl', '/y.whl')]")]
    [InlineData("pass")]
    public async Task What_is_not_one_plain_wheel_is_not_sent(string trick)
    {
        using var folder = new TemporaryFolder();
        var asked = 0;
        await using var server = new LoopbackServer(_ =>
        {
            asked++;
            return Task.CompletedTask;
        });
        await server.StartAsync();
        Directory.CreateDirectory(folder.File("out"));
        await Tool.RunAsync(DebianPython.Program, "-c", trick, folder.File("out"));

        await Tool.RunAsync(DebianPython.Program, "-I", "-c", PodScripts.Store, $"{server.Root}/", folder.File("out"), folder.File("report"));

        Assert.Equal("{}", await File.ReadAllTextAsync(folder.File("report")));
        Assert.Equal(0, asked);
    }
}
