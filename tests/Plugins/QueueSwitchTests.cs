using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Plugins;

/// <summary>A host that starts with another queue backend calls everything that waits, once and in order.</summary>
public sealed class QueueSwitchTests
{
    private const string Pod = "pod-a";
    private static readonly string[] Embedded = ["file", "redis", "kafka"];

    public static TheoryData<bool, string, string> Pairs()
    {
        var pairs = new TheoryData<bool, string, string>();
        string[] all = [.. Embedded, "postgres"];
        foreach (var (first, second) in all.SelectMany(first => all.Where(second => second != first).Select(second => (first, second))))
        {
            pairs.Add(true, first, second);
            if (Embedded.Contains(first, StringComparer.Ordinal) && Embedded.Contains(second, StringComparer.Ordinal))
            {
                pairs.Add(false, first, second);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Another_backend_calls_what_waits_once_and_in_order_and_the_first_takes_up_again(bool onPostgres, string first, string second)
    {
        await using var stores = new QueueStores(onPostgres);
        var (steps, held) = await LeaveWaitingAsync(stores, first);

        var host = await stores.StartAsync(second);
        var waiting = InOrder(steps)[held.Count..];
        await Wait.UntilAsync(async () => await LengthAsync(host) >= waiting.Count);
        if (host.Services.GetRequiredService<QueueBackendInfo>().Capabilities.HasFlag(QueueCapabilities.Priority))
        {
            // What comes now has its place among what came before the change.
            await SubmitAsync(host, steps, count: 6);
            waiting = InOrder(steps).Except(held.Select(IdOf), StringComparer.Ordinal).ToList();
        }

        Assert.Equal(waiting, await DrainAsync(host));
        foreach (var step in held)
        {
            await CompleteAsync(host, step);
        }

        await host.StopAsync();
        await TakeUpAgainAsync(stores, first);
    }

    /// <summary>Steps of three priorities of which some are claimed, and one that waits for an instant.</summary>
    private static async Task<(List<Submitted> Steps, IReadOnlyList<JsonElement> Held)> LeaveWaitingAsync(QueueStores stores, string backend)
    {
        var host = await stores.StartAsync(backend);
        List<Submitted> steps = [];
        await SubmitAsync(host, steps, count: 24);
        await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority = 9, not_before = "2099-01-01T00:00:00Z" });
        var held = await host.ClaimAsync(Pod, max: 3);
        await host.StopAsync();
        return (steps, held);
    }

    /// <summary>What lies in the store of the first start has ended meanwhile.</summary>
    private static async Task TakeUpAgainAsync(QueueStores stores, string backend)
    {
        var host = await stores.StartAsync(backend);
        List<Submitted> steps = [];
        await SubmitAsync(host, steps, count: 9);

        Assert.Equal(InOrder(steps), await DrainAsync(host));
        Assert.Equal(1, host.Services.GetRequiredService<ISteps>().CountWaiting());
        await host.StopAsync();
    }

    private static async Task SubmitAsync(RefineryHost host, List<Submitted> steps, int count)
    {
        for (var number = 0; number < count; number++)
        {
            var priority = number % 3;
            steps.Add(new(await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority }), priority, steps.Count));
        }
    }

    /// <summary>Claims and completes one after the other.</summary>
    /// <returns>Their ids as they were called.</returns>
    private static async Task<List<string>> DrainAsync(RefineryHost host)
    {
        List<string> called = [];
        while (await host.ClaimAsync(Pod) is [var step])
        {
            called.Add(IdOf(step));
            await CompleteAsync(host, step);
        }

        return called;
    }

    private static Task<JsonElement> CompleteAsync(RefineryHost host, JsonElement step) =>
        host.PostAsync($"/api/steps/{IdOf(step)}/complete", new { pod_id = Pod, fence = step.GetProperty("fence").GetInt64() });

    private static async Task<long> LengthAsync(RefineryHost host) =>
        (await host.Services.GetRequiredService<IQueueBackend>().StatsAsync(CancellationToken.None)).Length;

    private static List<string> InOrder(IEnumerable<Submitted> steps) =>
        [.. steps.OrderByDescending(step => step.Priority).ThenBy(step => step.Number).Select(step => step.StepId)];

    private static string IdOf(JsonElement step) => step.GetProperty("step_id").GetString()!;

    /// <summary>A step as it was submitted.</summary>
    private sealed record Submitted(string StepId, int Priority, int Number);
}
