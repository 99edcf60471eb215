using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Refinery.Tests.Builds;

namespace Refinery.Tests.Worker;

/// <summary>A worker builds real wheels, from the sources that its own environment names.</summary>
public sealed class WorkerBuildTests
{
    [Fact]
    public async Task A_wheel_built_by_a_worker_is_in_the_servers_index_with_its_log()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 15);
        var archive = SourceArchive.WriteExtension(yard.Folder.File("sdists"), "yardext", "1");
        var build = await EnqueueAsync(yard, "yardext");
        StartBuilder(yard);

        await yard.UntilAsync("completed", build);

        var entry = (await yard.GetAsync("/api/manifest")).EnumerateArray().Single();
        var digest = entry.GetProperty("sha256").GetString()!;
        var wheel = await yard.Http.GetByteArrayAsync($"/api/artifacts/sha256/{digest}");
        Assert.Equal(("yardext", "built"), (entry.GetProperty("name").GetString(), entry.GetProperty("status").GetString()));
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(wheel)));
        var log = (await yard.GetAsync("/api/logs/yardext/1.0?attempt=1")).GetProperty("content").GetString();
        Assert.Contains($"sha256 {digest}).", log, StringComparison.Ordinal);
        var source = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(archive)));
        Assert.Contains($"\"source_sha256\":\"{source}\"", await File.ReadAllTextAsync(yard.Folder.File("data/journal.ndjson")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(yard.Folder.File("worker/artifacts"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_build_that_fails_elsewhere_is_explained_by_the_servers_hints()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 15);
        using var made = await yard.Http.PostAsJsonAsync("/api/hints", new { pattern = "ibase\\.h: No such file", recipes = new { apt = new[] { "firebird-dev" } }, note = "Firebird's headers are missing." });
        SourceArchive.WriteExtension(yard.Folder.File("sdists"), "yardbroken", "1", header: "ibase.h");
        var build = await EnqueueAsync(yard, "yardbroken");
        StartBuilder(yard);

        await yard.UntilAsync("failed", build);

        Assert.Contains("Firebird's headers are missing. This would help: apt-get install firebird-dev.", (await yard.GetAsync($"/status/{build}")).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static void StartBuilder(WorkerYard yard) => yard.StartWorker(
        ["--server", yard.Http.BaseAddress!.ToString(), "--token", WorkerYard.Token, "--kinds", "wheel_build"],
        [.. BuildYard.Settings(yard.Folder.File("sdists")), ("RECIPES", "suggest")]);

    private static async Task<string> EnqueueAsync(WorkerYard yard, string package)
    {
        using var response = await yard.Http.PostAsJsonAsync("/api/queue/enqueue", new { package, version = "1.0" });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("step_id").GetString()!;
    }
}
