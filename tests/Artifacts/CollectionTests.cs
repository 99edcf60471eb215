using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Artifacts;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Artifacts;

/// <summary>A collection takes what is old and what no event mentions, and nothing else.</summary>
public sealed class CollectionTests : IAsyncLifetime
{
    private ManualClock Clock { get; } = new();

    private RefineryHost Host { get; set; } = null!;

    private IArtifacts Artifacts => Host.Services.GetRequiredService<IArtifacts>();

    public async Task InitializeAsync() =>
        Host = await RefineryHost.StartAsync(new TemporaryFolder(), services => services.AddSingleton<TimeProvider>(Clock), ("LOCAL_WORKER", "0"));

    public async Task DisposeAsync() => await Host.DisposeAsync();

    [Fact]
    public async Task Only_what_is_old_and_mentioned_by_no_event_goes()
    {
        var byBuild = await StoreAsync("a wheel of our own build");
        var byExecutor = await StoreAsync("a file an executor tells of");
        var byManifest = await StoreAsync("a wheel of a manifest");
        var unknown = await StoreAsync("nobody's");
        await AppendAsync(new EventDraft("artifact.created", new EventPayload().Add("artifact_type", "wheel").Add("file_name", "a-1-py3-none-any.whl").Add("sha256", byBuild)));
        await AppendAsync(new EventDraft("tests.passed", new EventPayload().AddJson(
            "deep", JsonDocument.Parse($$$"""[{"very":{"deep":["x","see s3://bucket/sha256-{{{byExecutor.ToUpperInvariant()}}}.whl"]}}]""").RootElement))
        {
            Target = "owner/repository",
        });
        await Host.PostAsync("/api/manifest", new[] { new { name = "a", status = "built", wheel = "a.whl", sha256 = byManifest } });
        Clock.Advance(TimeSpan.FromHours(30));
        var young = await StoreAsync("young");

        var dry = await Host.PostAsync("/api/artifacts/collect", new { dry_run = true });
        var afterDry = await StoredAsync(byBuild, byExecutor, byManifest, young, unknown);
        var collected = await Host.PostAsync("/api/artifacts/collect");
        var after = await StoredAsync(byBuild, byExecutor, byManifest, young, unknown);

        Assert.Equal("""{"detail":"1 artifact of 8 bytes would be collected; 4 would be kept.","collected":1,"bytes":8,"kept":4,"dry_run":true}""", dry.GetRawText());
        Assert.Equal([true, true, true, true, true], afterDry);
        Assert.Equal("""{"detail":"1 artifact of 8 bytes was collected; 4 were kept.","collected":1,"bytes":8,"kept":4,"dry_run":false}""", collected.GetRawText());
        Assert.Equal([true, true, true, true, false], after);
    }

    [Fact]
    public async Task A_body_is_not_needed_and_age_may_be_told()
    {
        await StoreAsync("nobody's");
        Clock.Advance(TimeSpan.FromHours(3));

        using var kept = await Host.Http.PostAsync("/api/artifacts/collect", content: null);
        var collected = await Host.PostAsync("/api/artifacts/collect", new { older_than_hours = 2 });

        Assert.Equal("""{"detail":"0 artifacts of 0 bytes were collected; 1 was kept.","collected":0,"bytes":0,"kept":1,"dry_run":false}""", await kept.Content.ReadAsStringAsync());
        Assert.Equal(1, collected.GetProperty("collected").GetInt64());
    }

    [Theory]
    [InlineData("""{"older_than_hours":0}""", "The field 'older_than_hours' is '0'; 1 to 87600 is expected.")]
    [InlineData("""{"older_than_hours":87601}""", "older_than_hours")]
    [InlineData("""{"older_than_hours":"24"}""", "older_than_hours")]
    [InlineData("""{"dry_run":"yes"}""", "dry_run")]
    [InlineData("[]", "object")]
    public async Task A_bad_value_is_refused(string body, string named) =>
        Assert.Contains(named, await Host.PostRefusedAsync("/api/artifacts/collect", body));

    [Fact]
    public async Task Without_the_token_nothing_is_collected()
    {
        await using var guarded = await RefineryHost.StartAsync(("WORKER_TOKEN", "secret"));

        using var refused = await guarded.Http.PostAsync("/api/artifacts/collect", content: null);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task What_is_renewed_is_kept_though_nobody_mentions_it_yet()
    {
        var sha256 = await StoreAsync("told of in a moment");
        Clock.Advance(TimeSpan.FromDays(3));

        Assert.True(await Artifacts.RenewAsync(sha256, CancellationToken.None));
        await Host.PostAsync("/api/artifacts/collect");

        Assert.True(await Artifacts.ContainsAsync(sha256, CancellationToken.None));
    }

    [Fact]
    public async Task A_result_that_names_an_artifact_makes_it_young_before_its_event_does()
    {
        var sha256 = await StoreAsync("made long before the result");
        Clock.Advance(TimeSpan.FromDays(3));
        var stepId = (await Host.PostAsync("/submit", new { type = "elsewhere", args = new { n = 1 } })).GetProperty("step_id").GetString();
        await Host.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "elsewhere" }, max = 1 });

        await Host.PostAsync($"/api/steps/{stepId}/complete", new
        {
            pod_id = "pod-a", fence = 1, artifacts = new[] { new { kind = "wheel", file_name = "a.whl", sha256, size_bytes = 27 } },
        });
        var file = await Host.Services.GetRequiredService<IArtifactPlace>().FindAsync(sha256, CancellationToken.None);

        Assert.Equal(Clock.GetUtcNow(), file?.StoredAt);
    }

    [Fact]
    public async Task Storing_during_a_collection_never_ends_in_a_missing_file()
    {
        var collection = Host.Services.GetRequiredService<ArtifactCollection>();
        string[] contents = [.. Enumerable.Range(0, 20).Select(number => $"content {number}")];
        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(contents.Select(StoreAsync));
            Clock.Advance(TimeSpan.FromDays(2));

            var storing = contents.Select(content => Task.Run(() => StoreAsync(content)));
            var collecting = Enumerable.Range(0, 4).Select(_ => Task.Run(() => collection.RunAsync(TimeSpan.FromHours(24), dryRun: false, CancellationToken.None)));
            await Task.WhenAll([.. collecting, .. storing]);

            Assert.DoesNotContain(false, await StoredAsync([.. contents.Select(ShaOf)]));
        }
    }

    private static string ShaOf(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private async Task<string> StoreAsync(string content)
    {
        var stored = await Artifacts.StoreAsync(new MemoryStream(Encoding.UTF8.GetBytes(content)), ShaOf(content), CancellationToken.None);
        return stored!.Sha256;
    }

    private Task<bool[]> StoredAsync(params string[] digests) => Task.WhenAll(digests.Select(digest => Artifacts.ContainsAsync(digest, CancellationToken.None)));

    private Task<int> AppendAsync(EventDraft draft) => Host.Services.GetRequiredService<Database>().WriteAsync(
        sql =>
        {
            sql.Append(draft);
            return Task.FromResult(0);
        },
        CancellationToken.None);
}
