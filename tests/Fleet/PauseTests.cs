using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>A paused type rests while all others go on.</summary>
public sealed class PauseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task A_paused_type_is_taken_in_and_given_to_nobody_until_it_is_resumed()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/admin/types/elsewhere/pause", new { reason = "Moving." });
        var stepId = await host.SubmitAsync();
        var other = await host.SubmitAsync(new { type = "hello_world", args = new { } });

        await host.UntilCompletedAsync(other);
        var paused = await host.ClaimAsync("pod-a");
        var poll = host.ClaimAsync("pod-a", waitSeconds: 30);
        await host.PostAsync("/admin/types/elsewhere/resume");

        Assert.Empty(paused);
        Assert.Equal(stepId, Assert.Single(await poll).GetProperty("step_id").GetString());
    }

    [Fact]
    public async Task A_type_served_here_rests_too()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/admin/types/hello_world/pause");
        var stepId = await host.SubmitAsync(new { type = "hello_world", args = new { } });

        var why = await host.GetAsync($"/api/steps/{stepId}/why");
        var status = await host.GetAsync($"/status/{stepId}");
        await host.PostAsync("/admin/types/hello_world/resume");
        await host.UntilCompletedAsync(stepId);

        Assert.Equal("paused", why.GetProperty("cause").GetString());
        Assert.Equal(("pending", "type hello_world to be resumed"), (status.GetProperty("status").GetString(), status.GetProperty("waiting_for").GetString()));
    }

    [Fact]
    public async Task After_the_pause_is_answered_nobody_gets_a_step_however_many_claim()
    {
        await using var host = await RefineryHost.StartAsync();
        for (var index = 0; index < 300; index++)
        {
            await host.SubmitAsync();
        }

        using var over = new CancellationTokenSource();
        var pods = Enumerable.Range(0, 6).Select(pod => ClaimUntilAsync(host, $"pod-{pod}", over.Token)).ToList();
        await Wait.UntilAsync(async () => await PendingAsync(host) < 290);
        await host.PostAsync("/admin/types/elsewhere/pause");
        var left = await PendingAsync(host);
        Assert.Empty(await host.ClaimAsync("pod-late", max: 10, waitSeconds: 0.2));
        await over.CancelAsync();
        await Task.WhenAll(pods);

        Assert.Equal(left, await PendingAsync(host));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pause_outlives_the_process_and_the_database(bool isDatabaseLost)
    {
        var before = await RefineryHost.StartAsync(folder);
        await before.PostAsync("/admin/types/elsewhere/pause", new { reason = "Moving." });
        await before.PostAsync("/admin/types/other/pause");
        await before.PostAsync("/admin/types/other/resume");
        await before.SubmitAsync();
        await before.StopAsync();
        if (isDatabaseLost)
        {
            Directory.EnumerateFiles(folder.Path, "refinery.db*").ToList().ForEach(File.Delete);
        }

        var host = await RefineryHost.StartAsync(folder);
        var claimed = await host.ClaimAsync("pod-a");
        var paused = Assert.Single((await host.GetAsync("/admin/types/paused")).EnumerateArray());
        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);
        var rebuilt = (await host.GetAsync("/admin/types/paused")).ToString();
        await host.StopAsync();

        Assert.Empty(claimed);
        Assert.Equal(("elsewhere", "Moving."), (paused.GetProperty("type").GetString(), paused.GetProperty("reason").GetString()));
        Assert.Equal($"[{paused}]", rebuilt);
    }

    [Fact]
    public async Task What_is_no_type_cannot_be_paused()
    {
        await using var host = await RefineryHost.StartAsync();

        using var refused = await host.Http.PostAsync("/admin/types/a%20b/pause", content: null);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    public void Dispose() => folder.Dispose();

    private static async Task ClaimUntilAsync(RefineryHost host, string pod, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await host.ClaimAsync(pod, waitSeconds: 0.05);
        }
    }

    private static async Task<int> PendingAsync(RefineryHost host) => (await host.GetAsync("/admin/queue")).GetProperty("pending_steps").GetInt32();
}
