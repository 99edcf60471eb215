using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Worker;

namespace Refinery.Tests.Builds;

/// <summary>Cancelling stops a build wherever it runs: every process within five seconds, and nothing of it is left.</summary>
public sealed class BuildStopTests
{
    [Fact]
    public async Task A_build_here_whose_processes_do_not_hear_TERM_is_gone_and_leaves_nothing()
    {
        await using var yard = await BuildYard.StartAsync();

        await StopAsync(yard);

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(yard.Host.DataDirectory, "work")));
        await Wait.UntilAsync(() => Task.FromResult(Processes.Unreaped().Count == 0));
    }

    [Theory]
    [InlineData("/api/builds/cancel", """{"package":"YardDeaf","status":"running"}""", ".")]
    [InlineData("/api/queue/enqueue", """{"package":"yarddeaf","version":"2.0","supersede":true}""", "2.0-")]
    public async Task A_build_is_stopped_by_a_filter_and_by_one_that_supersedes_it(string path, string body, string said)
    {
        await using var yard = await BuildYard.StartAsync();
        var (build, buildId) = await StartAsync(yard);

        await build.CancelAsync(() => yard.Host.PostAsync(path, JsonSerializer.Deserialize<JsonElement>(body)));

        await Wait.UntilAsync(async () => LastLine(await BuildCalls.FindAsync(yard.Host, buildId)) is { } line
            && (line.StartsWith("Cancelled by request ", StringComparison.Ordinal) || line.StartsWith("Superseded by build-", StringComparison.Ordinal)) && line.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_of_a_cancelled_attempt_is_its_own_though_the_version_is_built_again()
    {
        await using var yard = await BuildYard.StartAsync();
        var (build, buildId) = await StartAsync(yard);

        await build.CancelAsync(() => yard.Host.PostAsync($"/builds/{buildId}/cancel"));
        SourceArchive.WritePure(yard.Sources, build.Package);
        await yard.BuildAsync(new { package = build.Package, version = "1.0" });

        var cancelled = await BuildCalls.FindAsync(yard.Host, buildId);
        Assert.StartsWith("Cancelled by request ", LastLine(cancelled), StringComparison.Ordinal);
        var log = (await yard.Host.GetAsync(cancelled.GetProperty("attempts")[0].GetProperty("log_url").GetString()!)).GetProperty("content").GetString();
        Assert.DoesNotContain("Refinery stored", log, StringComparison.Ordinal);
        Assert.EndsWith(cancelled.GetProperty("logs_preview").GetString()!, log, StringComparison.Ordinal);
    }

    [FactWithContainers]
    public async Task A_build_in_a_container_is_gone_with_its_container()
    {
        using var folder = new TemporaryFolder();
        await using var yard = await BuildYard.StartAsync(
            [("CONTAINERS_CONF", await Containers.ConfigureAsync(folder))], [("BUILD_RUNNER", "container"), ("BUILD_IMAGE", Containers.Image)]);
        await Tool.RunAsync("chmod", "755", yard.Sources);

        await StopAsync(yard);

        Assert.DoesNotContain(yard.Host.DataDirectory, await Containers.ListAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(yard.Host.DataDirectory, "work")));
    }

    [Fact]
    public async Task A_build_on_another_machine_is_told_at_once_and_is_gone_as_well()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 120);
        var build = new StubbornBuild("yarddeaf");
        build.Write(yard.Folder.File("sdists"));
        using var queued = await yard.Http.PostAsJsonAsync("/api/queue/enqueue", new { package = build.Package, version = "1.0" });
        var buildId = (await queued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("build_id").GetString();
        yard.StartWorker(
            ["--server", yard.Http.BaseAddress!.ToString(), "--token", WorkerYard.Token, "--kinds", "wheel_build"],
            [.. BuildYard.Settings(yard.Folder.File("sdists")), ("FLEET_Q_HEARTBEAT_SEC", "60")]);
        await build.UntilRunsAsync();

        await build.CancelAsync(async () => (await yard.Http.PostAsync($"/builds/{buildId}/cancel?reason=Not%20needed.", content: null)).EnsureSuccessStatusCode());

        await Wait.UntilAsync(async () => EndsWithTheReason((await yard.GetAsync($"/builds/{buildId}")).GetProperty("build")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(yard.Folder.File("worker/work")));
        Assert.Equal(0, (await yard.GetAsync("/admin/queue")).GetProperty("claimed_steps").GetInt32());
    }

    /// <summary>Starts a build that does not want to end, cancels it, and looks at what is said of it.</summary>
    private static async Task StopAsync(BuildYard yard)
    {
        var (build, buildId) = await StartAsync(yard);

        await build.CancelAsync(() => yard.Host.PostAsync($"/builds/{buildId}/cancel?reason=Not%20needed."));

        await Wait.UntilAsync(async () => EndsWithTheReason(await BuildCalls.FindAsync(yard.Host, buildId)));
        var ended = await BuildCalls.FindAsync(yard.Host, buildId);
        Assert.Equal("cancelled", ended.GetProperty("status").GetString());
        Assert.Equal("invalidated", Assert.Single(ended.GetProperty("attempts").EnumerateArray()).GetProperty("status").GetString());
        Assert.Equal("build.cancelled", ended.GetProperty("events").EnumerateArray().Last().GetProperty("type").GetString());
        Assert.Equal(0, (await yard.Host.GetAsync("/admin/queue")).GetProperty("claimed_steps").GetInt32());
    }

    private static async Task<(StubbornBuild Build, string BuildId)> StartAsync(BuildYard yard)
    {
        var build = new StubbornBuild("yarddeaf");
        build.Write(yard.Sources);
        var queued = await yard.Host.PostAsync("/api/queue/enqueue", new { package = build.Package, version = "1.0" });
        await yard.Host.PostAsync("/api/worker/trigger");
        await build.UntilRunsAsync();
        return (build, queued.GetProperty("build_id").GetString()!);
    }

    private static string? LastLine(JsonElement build) => build.GetProperty("logs_preview").GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();

    private static bool EndsWithTheReason(JsonElement build) => build.GetProperty("logs_preview").GetString()!.EndsWith(": Not needed.\n", StringComparison.Ordinal);
}
