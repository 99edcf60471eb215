using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Worker;

/// <summary>A worker as a person meets it: what it says, what it takes, how it stops.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task It_registers_and_takes_four_fifths_of_what_the_machine_could_run()
    {
        await using var yard = await WorkerYard.StartAsync();

        yard.StartWorker(["--server", yard.Http.BaseAddress!.ToString(), "--token", WorkerYard.Token], ("FLEET_Q_MAX_PARALLELISM", "5"));

        await Wait.UntilAsync(async () => await PodAsync(yard) is not null);
        var pod = (await PodAsync(yard))!.Value;
        Assert.Equal((4, "live"), (pod.GetProperty("capacity").GetInt32(), pod.GetProperty("state").GetString()));
        Assert.Equal(["effect", "wheel_build"], pod.GetProperty("kinds").EnumerateArray().Select(kind => kind.GetString()));
    }

    [Fact]
    public async Task A_log_is_seen_while_the_step_runs()
    {
        await using var yard = await WorkerYard.StartAsync();
        var stepId = await yard.SubmitAsync(yard.Plugin.Step(gate: yard.Gate));
        yard.StartWorker("a");
        await yard.UntilRunningAsync(1);

        await Wait.UntilAsync(async () =>
        {
            using var follow = await yard.Http.GetAsync($"/api/logs/stream/effect/{stepId}?follow=1", HttpCompletionOption.ResponseHeadersRead);
            if (!follow.IsSuccessStatusCode)
            {
                return false;
            }

            using var lines = new StreamReader(await follow.Content.ReadAsStreamAsync());
            while (await lines.ReadLineAsync() is { } line)
            {
                if (line.Contains("Attempt 1", StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        });
        Assert.Equal("claimed", await yard.StatusAsync(stepId));
    }

    [Fact]
    public async Task A_cancelled_step_is_stopped_at_its_next_renewal_and_makes_room()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 600);
        var stepId = await yard.SubmitAsync(new { type = EffectPlugin.StepType, args = new { into = yard.Plugin.Effects, gate = yard.Gate }, metadata = new { third_party_id = "yard" } });
        var worker = yard.StartWorker("a");
        await yard.UntilRunningAsync(1);

        using var cancelled = await yard.Http.PostAsJsonAsync($"/builds/build-yard-effect-{stepId[^8..]}/cancel", new { });

        Assert.True(cancelled.IsSuccessStatusCode, await cancelled.Content.ReadAsStringAsync());
        await Wait.UntilAsync(async () => (await PodAsync(yard))?.GetProperty("running").GetInt32() == 0);
        yard.OpenGate();
        worker.Terminate();
        Assert.Equal(0, await worker.ExitAsync());
        Assert.Equal("failed", await yard.StatusAsync(stepId));
        Assert.Empty(yard.Plugin.Found());
        Assert.Contains("ancelled", (await yard.GetAsync($"/api/logs/effect/{stepId}")).GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_runs_goes_on_while_its_server_is_stopped_and_started_again()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 600);
        var stepId = await yard.SubmitAsync(yard.Plugin.Step(gate: yard.Gate));
        yard.StartWorker("a");
        await yard.UntilRunningAsync(1);
        var lease = await LeaseAsync(yard, stepId);
        await Wait.UntilAsync(async () => await LeaseAsync(yard, stepId) is { } longer && longer != lease);

        // A renewal waits at the server now.
        await yard.StopServerAsync();
        await yard.StartServerAsync();
        yard.OpenGate();
        await yard.UntilAsync("completed", [stepId]);

        Assert.Equal([$"{stepId}@1"], yard.Plugin.Found());
    }

    [Fact]
    public async Task Asked_to_stop_it_takes_no_more_and_lets_what_runs_finish()
    {
        await using var yard = await WorkerYard.StartAsync();
        var running = await yard.SubmitAsync(yard.Plugin.Step(gate: yard.Gate));
        var worker = yard.StartWorker("a");
        await yard.UntilRunningAsync(1);

        worker.Terminate();
        await Wait.UntilAsync(async () => (await PodAsync(yard))!.Value.GetProperty("state").GetString() == "draining");
        var late = await yard.SubmitAsync(yard.Plugin.Step());
        yard.OpenGate();

        Assert.Equal(0, await worker.ExitAsync());
        Assert.Equal(("completed", "pending"), (await yard.StatusAsync(running), await yard.StatusAsync(late)));
        Assert.Equal(0, yard.Letters("a"));
    }

    [Fact]
    public async Task What_does_not_finish_within_the_grace_is_given_back_unspent()
    {
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 600);
        var stepId = await yard.SubmitAsync(yard.Plugin.Step(gate: yard.Gate));
        var worker = yard.StartWorker("a", ("SHUTDOWN_GRACE_SEC", "0"));
        await yard.UntilRunningAsync(1);

        worker.Terminate();

        Assert.Equal(0, await worker.ExitAsync());
        var status = await yard.GetAsync($"/status/{stepId}");
        Assert.Equal(("pending", 0), (status.GetProperty("status").GetString(), status.GetProperty("retry_count").GetInt32()));
    }

    [Fact]
    public async Task A_wrong_start_ends_with_one_sentence()
    {
        await using var yard = await WorkerYard.StartAsync();
        var server = yard.Http.BaseAddress!.ToString();

        await AssertRefusedAsync(yard, "refused the token", "--server", server, "--token", "wrong");
        await AssertRefusedAsync(yard, "cannot be reached", "--server", "http://127.0.0.1:9", "--token", WorkerYard.Token);
        await AssertRefusedAsync(yard, "--kinds names 'x', which has no handler here; found: effect, wheel_build.", "--server", server, "--token", WorkerYard.Token, "--kinds", "effect,x");
        await AssertRefusedAsync(yard, "--server is ''", "--token", WorkerYard.Token);
        await AssertRefusedAsync(yard, "--concurrency must be 1 to 1024.", "--server", server, "--concurrency", "0");
        await AssertRefusedAsync(yard, "'--frob' is no option of worker", "--server", server, "--frob");
    }

    [Fact]
    public async Task It_does_not_work_in_the_folder_of_a_server()
    {
        await using var yard = await WorkerYard.StartAsync();
        await yard.KillServerAsync();

        var worker = yard.StartWorker(["--server", yard.Http.BaseAddress!.ToString()], ("DATA_DIR", yard.Folder.File("data")));

        Assert.Equal(1, await worker.ExitAsync());
        Assert.Contains("holds a server's books", worker.Errors, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(WorkerYard yard, string sentence, params string[] arguments)
    {
        var worker = yard.StartWorker(arguments);

        Assert.Equal(1, await worker.ExitAsync());
        Assert.Contains(sentence, Assert.Single(worker.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>Until when the step is the worker's; null before it has beaten.</summary>
    private static async Task<string?> LeaseAsync(WorkerYard yard, string stepId) =>
        (await yard.GetAsync($"/api/steps/{stepId}/why")).GetProperty("evidence").GetProperty("pods").EnumerateArray().Select(pod => pod.GetProperty("until").GetString()).FirstOrDefault();

    private static async Task<JsonElement?> PodAsync(WorkerYard yard)
    {
        var pod = (await yard.GetAsync("/api/pods")).EnumerateArray().FirstOrDefault(pod => pod.GetProperty("pod_id").GetString()!.StartsWith("worker-", StringComparison.Ordinal));
        return pod.ValueKind == JsonValueKind.Undefined ? null : pod;
    }
}
