using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>What failed for good is kept, named, and can be given another life.</summary>
public sealed class DeadLetterTests
{
    [Fact]
    public async Task A_step_that_lost_its_last_pod_is_a_dead_letter_until_it_is_replayed()
    {
        await using var host = await RecoveryYard.StartAsync();
        var stepId = Assert.Single(await host.OrphanAsync(1, maxRetries: 0));
        await host.RecoverAsync();

        var letter = Assert.Single((await host.GetAsync("/admin/dead-letters")).GetProperty("items").EnumerateArray());
        var replayed = await host.PostAsync($"/admin/dead-letters/{stepId}/replay");
        var after = await host.GetAsync("/admin/dead-letters");
        var claim = Assert.Single(await host.ClaimAsync("pod-b"));

        Assert.Equal(
            (stepId, "worker_lost", "pod-gone", 1L),
            (letter.GetProperty("step_id").GetString(), letter.GetProperty("failure_reason").GetString(), letter.GetProperty("pod_id").GetString(), letter.GetProperty("attempts").GetInt64()));
        Assert.Equal("pending", replayed.GetProperty("status").GetString());
        Assert.Equal(0, after.GetProperty("total").GetInt64());
        Assert.Equal((stepId, 2L), (claim.GetProperty("step_id").GetString(), claim.GetProperty("fence").GetInt64()));
    }

    [Fact]
    public async Task What_failed_by_itself_is_a_dead_letter_too_and_has_all_its_retries_again()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        var stepId = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 1 });
        await FailAsync(host, stepId, fences: [1, 2]);

        await host.PostAsync($"/admin/dead-letters/{stepId}/replay");
        await FailAsync(host, stepId, fences: [3]);
        var retried = await host.StatusAsync(stepId);
        await FailAsync(host, stepId, fences: [4]);

        Assert.Equal("pending", retried);
        Assert.Equal("failed", await host.StatusAsync(stepId));
        Assert.Equal(1, (await host.GetAsync("/admin/dead-letters")).GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task Of_many_who_replay_a_step_at_once_one_does()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 0 });
        await FailAsync(host, stepId, fences: [1]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.Http.PostAsync($"/admin/dead-letters/{stepId}/replay", content: null)));
        using var unknown = await host.Http.PostAsync("/admin/dead-letters/nothing/replay", content: null);

        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task A_full_queue_takes_no_replay()
    {
        await using var host = await RefineryHost.StartAsync(("MAX_QUEUE_SIZE", "1"));
        var stepId = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 0 });
        await FailAsync(host, stepId, fences: [1]);
        await host.SubmitAsync();

        using var refused = await host.Http.PostAsync($"/admin/dead-letters/{stepId}/replay", content: null);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("failed", await host.StatusAsync(stepId));
    }

    [Fact]
    public async Task They_are_listed_newest_first_and_follow_from_the_journal()
    {
        await using var host = await RefineryHost.StartAsync();
        var stepIds = new List<string>();
        for (var index = 0; index < 3; index++)
        {
            stepIds.Add(await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { index }, max_retries = 0 }));
            await FailAsync(host, stepIds[index], fences: [1]);
        }

        await host.PostAsync($"/admin/dead-letters/{stepIds[1]}/replay");
        var before = await host.GetAsync("/admin/dead-letters");
        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);
        var after = await host.GetAsync("/admin/dead-letters");
        var page = await host.GetAsync("/admin/dead-letters?limit=1&offset=1");

        Assert.Equal([stepIds[2], stepIds[0]], Ids(before));
        Assert.Equal(before.ToString(), after.ToString());
        Assert.Equal([stepIds[0]], Ids(page));
        Assert.Equal(2, page.GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task A_replay_outlives_a_lost_database()
    {
        using var folder = new TemporaryFolder();
        var before = await RefineryHost.StartAsync(folder);
        var stepId = await before.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, max_retries = 0 });
        await FailAsync(before, stepId, fences: [1]);
        await before.PostAsync($"/admin/dead-letters/{stepId}/replay");
        await before.StopAsync();
        Directory.EnumerateFiles(folder.Path, "refinery.db*").ToList().ForEach(File.Delete);

        var host = await RefineryHost.StartAsync(folder);
        var row = await host.RowAsync(stepId);
        var letters = await host.GetAsync("/admin/dead-letters");
        await host.StopAsync();

        Assert.Equal(("pending", 0L, 1L), (row.Status, row.RetryCount, row.Fence));
        Assert.Equal(0, letters.GetProperty("total").GetInt64());
    }

    private static async Task FailAsync(RefineryHost host, string stepId, int[] fences)
    {
        foreach (var fence in fences)
        {
            Assert.Single(await host.ClaimAsync("pod-a", waitSeconds: 5));
            await host.PostAsync($"/api/steps/{stepId}/fail", new { pod_id = "pod-a", fence, detail = "No." });
        }
    }

    private static IEnumerable<string?> Ids(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(letter => letter.GetProperty("step_id").GetString());
}
