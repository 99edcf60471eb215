using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Refinery.Tests.Plugins;

namespace Refinery.Tests.Chaos;

/// <summary>The disk is full for a while: who asks is told so, what was accepted stays, and the host goes on when there is room again.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentDictionary<string, bool> accepted = new(StringComparer.Ordinal);
    private readonly EffectPlugin plugin;

    public FullDiskTests() => plugin = new EffectPlugin(folder);

    [FactWithSmallDisk]
    public async Task Nothing_accepted_is_lost_and_work_goes_on_when_there_is_room_again()
    {
        using var disk = new SmallDisk(folder.File("disk"), kilobytes: 16 * 1024);
        await using var host = Start();
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        await SubmitAsync(http, 50);

        disk.Fill();
        var refusals = await SubmitAsync(http, 200);
        disk.Free();
        await Wait.UntilAsync(async () => (await SubmitAsync(http, 1)).Count == 0);
        Assert.Empty(await SubmitAsync(http, 50));
        await Wait.UntilAsync(() => Task.FromResult(Remains.CountUnfinished(Data) == 0));
        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
        Assert.NotEmpty(refusals);
        Assert.All(refusals, AssertTold);
        var remains = new Remains(Data);
        Assert.Empty(accepted.Keys.Except(remains.Steps.Keys, StringComparer.Ordinal));
        remains.AssertEveryStepEndedOnce();
        remains.AssertJournalFileEqualsDatabase();
        await remains.AssertQueueFileParsesAsync();
        Assert.DoesNotContain(plugin.Found(), effect => effect.EndsWith("@again", StringComparison.Ordinal));
        Assert.Equal(remains.Steps.Keys.Order(StringComparer.Ordinal), remains.Steps.Where(step => step.Value.Status == "completed").Select(step => step.Key).Order(StringComparer.Ordinal));
    }

    [FactWithSmallDisk]
    public async Task A_result_that_found_no_room_is_recorded_later_and_costs_no_retry()
    {
        using var disk = new SmallDisk(folder.File("disk"), kilobytes: 16 * 1024);
        await using var host = Start(("FLEET_Q_LEASE_SEC", "3600"), ("FLEET_Q_RECOVERY_SEC", "3600"));
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        using var response = await http.PostAsJsonAsync("/submit", plugin.Step(gate: folder.File("gate")));
        Assert.True(response.IsSuccessStatusCode);
        var step = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("step_id").GetString();
        await Wait.UntilAsync(() => SaysAsync(http, $"/api/logs/stream/effect/{step}?follow=1", "Attempt 1"));

        disk.Fill();
        await File.WriteAllTextAsync(folder.File("gate"), string.Empty);
        await Wait.UntilAsync(() => Task.FromResult(host.Output.Contains("cannot be recorded now", StringComparison.Ordinal)));
        disk.Free();
        await Wait.UntilAsync(() => Task.FromResult(Remains.CountUnfinished(Data) == 0));
        host.Terminate();

        Assert.Equal(0, await host.ExitAsync());
        Assert.Equal("completed", new Remains(Data).Steps.Values.Single().Status);
        Assert.EndsWith("@1", Assert.Single(plugin.Found()), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private string Data => Path.Combine(folder.File("disk"), "data");

    /// <summary>Follows a log until it says so; false when there is no such log yet.</summary>
    private static async Task<bool> SaysAsync(HttpClient http, string path, string text)
    {
        using var response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        using var live = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await live.ReadLineAsync() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static void AssertTold((int Status, JsonElement Body) refusal)
    {
        Assert.Equal(503, refusal.Status);
        Assert.Equal("unavailable", refusal.Body.GetProperty("error_type").GetString());
        Assert.Equal("The disk of DATA_DIR is full; nothing was stored. Make room and try again.", refusal.Body.GetProperty("detail").GetString());
    }

    /// <returns>What was not accepted.</returns>
    private async Task<List<(int Status, JsonElement Body)>> SubmitAsync(HttpClient http, int count)
    {
        var refusals = new ConcurrentBag<(int Status, JsonElement Body)>();
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using var response = await http.PostAsJsonAsync("/submit", plugin.Step(waitMilliseconds: 5));
            var body = await response.Content.ReadFromJsonAsync<JsonElement>();
            if (response.IsSuccessStatusCode)
            {
                accepted[body.GetProperty("step_id").GetString()!] = true;
            }
            else
            {
                refusals.Add(((int)response.StatusCode, body));
            }
        }));
        return [.. refusals];
    }

    private HostRun Start(params (string Name, string Value)[] settings) => HostRun.Start(
        folder,
        [],
        [
            ("DATA_DIR", Data),
            ("PLUGINS_DIR", plugin.Plugins),
            ("HINT_CATALOGUE", "0"),
            ("FLEET_Q_LEASE_SEC", "2"),
            ("FLEET_Q_HEARTBEAT_SEC", "1"),
            ("FLEET_Q_RECOVERY_SEC", "1"),
            ("FLEET_Q_BACKOFF_SEC", "0"),
            .. settings,
        ]);
}
