using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Artifacts;

/// <summary>What became of the wheels, told by workers and by our own builds.</summary>
public sealed class ManifestTests
{
    private const string Sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Entries_come_back_newest_run_first_and_in_their_order()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/manifest", new[] { Entry("a1", "r1"), Entry("a2", "r1") });
        await host.PostAsync("/api/manifest", new[] { Entry("b1", "r2") });
        await host.PostAsync("/api/manifest", new[] { Entry("c1", null) });
        await host.PostAsync("/api/manifest", new[] { Entry("a3", "r1") });

        Assert.Equal(["a3", "a1", "a2", "c1", "b1"], Names(await host.GetAsync("/api/manifest")));
        Assert.Equal(["a3", "a1", "a2"], Names(await host.GetAsync("/api/manifest?run_id=r1")));
        Assert.Equal(["a3", "a1"], Names(await host.GetAsync("/api/manifest?limit=2")));
        Assert.Empty(Names(await host.GetAsync("/api/manifest?run_id=nobody")));
    }

    [Fact]
    public async Task An_entry_keeps_what_was_said()
    {
        await using var host = await RefineryHost.StartAsync();
        var answer = await host.PostAsync("/api/manifest", new[]
        {
            new { name = "A.b", version = "1.0", wheel = "/o/a.whl", python_tag = "cp311", platform_tag = "any", status = "built", run_id = "r", sha256 = Sha, size_bytes = 7 },
        });

        var entry = Assert.Single((await host.GetAsync("/api/manifest")).EnumerateArray());

        Assert.Equal(1, answer.GetProperty("count").GetInt32());
        Assert.Equal(
            $$"""{"name":"A.b","status":"built","version":"1.0","wheel":"/o/a.whl","python_tag":"cp311","platform_tag":"any","run_id":"r","sha256":"{{Sha}}","size_bytes":7}""",
            entry.GetRawText());
    }

    [Fact]
    public async Task Artifacts_leave_out_entries_without_a_wheel_and_say_null_for_what_is_unknown()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/manifest", new object[]
        {
            new { name = "failed", version = "1.0", wheel = "", status = "failed" },
            new { name = "missing", version = "1.0", status = "failed" },
            new { name = "path", version = "1.0", wheel = "/o/a.whl", status = "built" },
            new { name = "web", version = "1.0", wheel = "https://host/a.whl", status = "reused" },
            new { name = "stored", version = "1.0", wheel = "a.whl", status = "built", sha256 = Sha.ToUpperInvariant(), size_bytes = 5 },
        });

        var artifacts = await host.GetAsync("/api/artifacts");

        Assert.Equal(
            $$"""
            [{"name":"path","version":"1.0","path":"/o/a.whl","url":null,"sha256":null,"size_bytes":null},
            {"name":"web","version":"1.0","path":"https://host/a.whl","url":"https://host/a.whl","sha256":null,"size_bytes":null},
            {"name":"stored","version":"1.0","path":"a.whl","url":null,"sha256":"{{Sha}}","size_bytes":5}]
            """.ReplaceLineEndings(string.Empty),
            artifacts.GetRawText());
        Assert.Equal(1, (await host.GetAsync("/api/artifacts?limit=1")).GetArrayLength());
    }

    [Fact]
    public async Task An_artifact_is_linked_here_only_when_it_is_stored_here()
    {
        await using var host = await RefineryHost.StartAsync();
        var content = Encoding.UTF8.GetBytes("a wheel");
        var stored = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        using var put = await host.Http.PutAsync($"/api/artifacts/sha256/{stored}", new ByteArrayContent(content));
        await host.PostAsync("/api/manifest", new object[]
        {
            new { name = "here", version = "1.0", wheel = "https://host/a.whl", status = "built", sha256 = stored },
            new { name = "there", version = "1.0", wheel = "https://host/b.whl", status = "built", sha256 = Sha },
        });

        var artifacts = await host.GetAsync("/api/artifacts");

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal($"/api/artifacts/sha256/{stored}", artifacts[0].GetProperty("url").GetString());
        Assert.Equal("https://host/b.whl", artifacts[1].GetProperty("url").GetString());
    }

    [Theory]
    [InlineData("""[{"name":"good","status":"built"},{"name":"bad","status":"built","size_bytes":-1}]""", "Item 1")]
    [InlineData("""[{"name":"good","status":"built"},{"name":"../bad","status":"built"}]""", "Item 1")]
    [InlineData("""[{"name":"good","status":"built","sha256":"12"}]""", "'sha256'")]
    [InlineData("""[{"name":"good","status":""}]""", "'status'")]
    [InlineData("""[{"name":"good","status":"built"},{"name":"bad"}]""", "The field '[1].status' is missing.")]
    [InlineData("""[{}]""", "The fields '[0].name', '[0].status' are missing.")]
    [InlineData("""[{"name":"good","status":"built","wheel":7}]""", "wheel")]
    [InlineData("""[null]""", "Item 0")]
    [InlineData("""{"name":"good","status":"built"}""", "array")]
    [InlineData("[]", "empty")]
    [InlineData("""[{"name":""", "JSON")]
    public async Task One_bad_entry_refuses_them_all(string body, string named)
    {
        await using var host = await RefineryHost.StartAsync();

        var detail = await host.PostRefusedAsync("/api/manifest", body);

        Assert.Contains(named, detail);
        Assert.Equal("[]", (await host.GetAsync("/api/manifest")).GetRawText());
    }

    [Fact]
    public async Task A_wheel_of_our_own_build_is_an_entry_and_other_artifacts_are_none()
    {
        await using var host = await RefineryHost.StartAsync();
        await AppendAsync(
            host,
            Artifact("wheel", "MarkupSafe-2.1.1-cp311-cp311-linux_x86_64.whl"),
            Artifact("log", "build.log"),
            new EventDraft("artifact.created", new EventPayload().Add("artifact_id", "foreign").Add("artifact_type", 7L)));

        var entry = Assert.Single((await host.GetAsync("/api/manifest?run_id=r9")).EnumerateArray());
        var before = await host.GetAsync("/api/artifacts");
        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.Equal("markupsafe", entry.GetProperty("name").GetString());
        Assert.Equal("2.1.1", entry.GetProperty("version").GetString());
        Assert.Equal("cp311", entry.GetProperty("python_tag").GetString());
        Assert.Equal("linux_x86_64", entry.GetProperty("platform_tag").GetString());
        Assert.Equal("built", entry.GetProperty("status").GetString());
        Assert.Equal(Sha, Assert.Single(before.EnumerateArray()).GetProperty("sha256").GetString());
        Assert.Equal(before.GetRawText(), (await host.GetAsync("/api/artifacts")).GetRawText());
    }

    private static EventDraft Artifact(string kind, string fileName) => new("artifact.created", new EventPayload()
        .Add("artifact_type", kind)
        .Add("file_name", fileName)
        .Add("package", "markupsafe")
        .Add("run_id", "r9")
        .Add("sha256", Sha)
        .Add("size_bytes", 9L));

    private static Task<int> AppendAsync(RefineryHost host, params EventDraft[] drafts) => host.Services.GetRequiredService<Database>().WriteAsync(
        sql =>
        {
            Array.ForEach(drafts, sql.Append);
            return Task.FromResult(0);
        },
        CancellationToken.None);

    private static object Entry(string name, string? runId) => new { name, version = "1.0", wheel = $"/o/{name}.whl", status = "built", run_id = runId };

    private static IEnumerable<string?> Names(JsonElement entries) => entries.EnumerateArray().Select(entry => entry.GetProperty("name").GetString());
}
