using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Owners take turns: whoever submits much keeps nobody else waiting.</summary>
public sealed class FairShareTests
{
    private const int Many = 10_000;

    [Fact]
    public async Task The_first_step_of_an_owner_starts_within_two_freed_slots_of_ten_thousand_of_another()
    {
        await using var host = await RefineryHost.StartAsync(("AUTO_BUILD", "0"));
        await EnqueueAsync(host, "ada", Many);
        var before = await OwnersAsync(host, claims: 5);

        await EnqueueAsync(host, "bo", 1);
        var after = await OwnersAsync(host, claims: 2);

        Assert.All(before, owner => Assert.Equal("ada", owner));
        Assert.Contains("bo", after);
    }

    [Fact]
    public async Task Two_owners_with_much_in_line_take_turns()
    {
        await using var host = await RefineryHost.StartAsync();
        await SubmitAsync(host, "ada", 60);
        await OwnersAsync(host, claims: 10);

        await SubmitAsync(host, "bo", 20);
        await SubmitAsync(host, "ada", 20);
        var called = await OwnersAsync(host, claims: 40);

        Assert.Equal(20, called.Count(owner => owner == "bo"));
        Assert.All(called.Chunk(4), few => Assert.InRange(few.Count(owner => owner == "bo"), 1, 3));
    }

    [Fact]
    public async Task An_owner_who_was_served_long_ago_is_not_made_to_wait_for_it()
    {
        await using var host = await RefineryHost.StartAsync();
        await SubmitAsync(host, "ada", 50);
        await OwnersAsync(host, claims: 50);

        await SubmitAsync(host, "bo", 20);
        await SubmitAsync(host, "ada", 1);

        Assert.Contains("ada", await OwnersAsync(host, claims: 3));
    }

    [Fact]
    public async Task An_owner_with_an_overlong_name_full_of_signs_of_two_units_keeps_nobody_waiting()
    {
        await using var host = await RefineryHost.StartAsync();
        var owner = $"{new string('a', 199)}{string.Concat(Enumerable.Repeat("\U0001F600", 3))}";
        var now = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { owner } });
        var later = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { owner }, not_before = DateTimeOffset.UtcNow.AddMilliseconds(300) });
        var other = await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { owner = "bo" } });

        var called = new List<string>();
        await Wait.UntilAsync(async () =>
        {
            called.AddRange((await host.ClaimAsync("pod-a", max: 3)).Select(step => step.GetProperty("step_id").GetString()!));
            return called.Count == 3;
        });

        Assert.Equal(((string[])[now, later, other]).Order(StringComparer.Ordinal), called.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Steps_whose_retries_come_due_together_keep_no_newcomer_waiting()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await SubmitAsync(host, "ada", 40);
        await FailAsync(host, await host.ClaimAsync("pod-a", max: 40));
        await SubmitAsync(host, "bo", 3);

        Assert.Equal(3, (await OwnersAsync(host, claims: 8)).Count(owner => owner == "bo"));
    }

    [Fact]
    public async Task Steps_that_become_due_together_keep_no_newcomer_waiting()
    {
        await using var host = await RefineryHost.StartAsync();
        var due = DateTimeOffset.UtcNow.AddSeconds(2);
        for (var number = 0; number < 40; number++)
        {
            await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { owner = "ada" }, not_before = due });
        }

        var called = new List<string?>();
        await Wait.UntilAsync(async () =>
        {
            called.AddRange(await OwnersAsync(host, claims: 1));
            return called.Count > 0;
        });
        await SubmitAsync(host, "bo", 3);

        Assert.Equal(3, (await OwnersAsync(host, claims: 8)).Count(owner => owner == "bo"));
    }

    [Fact]
    public async Task A_step_whose_instant_comes_passes_a_long_line_of_another_owner()
    {
        await using var host = await RefineryHost.StartAsync();
        await SubmitAsync(host, "ada", 100);
        var due = DateTimeOffset.UtcNow.AddSeconds(1);
        await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { owner = "bo" }, not_before = due });
        await Wait.UntilAsync(() => Task.FromResult(DateTimeOffset.UtcNow > due));

        Assert.Contains("bo", await OwnersAsync(host, claims: 2));
    }

    [Fact]
    public async Task A_retry_that_is_due_passes_a_long_line_of_another_owner()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await SubmitAsync(host, "bo", 1);
        var first = await host.ClaimAsync("pod-a");
        await SubmitAsync(host, "ada", 100);
        await FailAsync(host, first);

        Assert.Contains("bo", await OwnersAsync(host, claims: 2));
    }

    [Fact]
    public async Task What_was_put_aside_for_a_step_that_came_due_is_not_lost()
    {
        await using var host = await RefineryHost.StartAsync(("FLEET_Q_BACKOFF_SEC", "0"));
        await SubmitAsync(host, "bo", 3);
        var first = await host.ClaimAsync("pod-a", max: 3);
        await SubmitAsync(host, "ada", 10);
        await FailAsync(host, first);

        Assert.Equal(13, (await OwnersAsync(host, claims: 13)).Count);
    }

    [Fact]
    public async Task Short_lines_beside_a_stuck_one_take_no_more_than_their_turns()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.SubmitAsync(new { type = "nobody", args = new { } });
        await SubmitAsync(host, "ada", 100);
        var called = new List<string?>();
        for (var round = 0; round < 40; round++)
        {
            await EnqueueAsync(host, "bo", 1);
            called.AddRange(await OwnersAsync(host, claims: 1));
        }

        Assert.InRange(called.Count(owner => owner == "ada"), 15, 25);
    }

    [Fact]
    public async Task Steps_given_back_together_keep_their_order()
    {
        await using var host = await RefineryHost.StartAsync();
        var ids = await SubmitAsync(host, "ada", 6);
        await host.ClaimAsync("pod-a", max: 3);

        await host.PostAsync("/api/pods/heartbeat", new { pod_id = "pod-a", kinds = new[] { FleetCalls.Elsewhere }, capacity = 3, steps = Array.Empty<string>(), draining = true });

        Assert.Equal(ids, (await host.ClaimAsync("pod-b", max: 6)).Select(step => step.GetProperty("step_id").GetString()));
    }

    [Fact]
    public async Task Replayed_steps_join_the_end_of_their_owners()
    {
        await using var host = await RefineryHost.StartAsync();
        var ids = await SubmitAsync(host, "ada", 20, retries: 0);
        await FailAsync(host, await host.ClaimAsync("pod-a", max: 20));
        await SubmitAsync(host, "bo", 2);
        foreach (var id in ids)
        {
            await host.PostAsync($"/admin/dead-letters/{id}/replay");
        }

        await SubmitAsync(host, "cy", 2);

        var called = await OwnersAsync(host, claims: 8);
        Assert.Equal(2, called.Count(owner => owner == "bo"));
        Assert.Equal(2, called.Count(owner => owner == "cy"));
    }

    [Fact]
    public async Task What_was_given_back_is_the_next_of_its_line()
    {
        await using var host = await RefineryHost.StartAsync();
        await SubmitAsync(host, "ada", 10);
        var first = Assert.Single(await host.ClaimAsync("pod-a"));
        await SubmitAsync(host, "bo", 5);
        await OwnersAsync(host, claims: 4);
        await host.PostAsync($"/api/steps/{first.GetProperty("step_id").GetString()}/release", new { pod_id = "pod-a", fence = first.GetProperty("fence").GetInt64() });

        var next = await host.ClaimAsync("pod-b", max: 2);

        Assert.Contains(first.GetProperty("step_id").GetString(), next.Select(step => step.GetProperty("step_id").GetString()));
    }

    [Fact]
    public async Task A_type_that_nobody_serves_holds_up_no_other()
    {
        await using var host = await RefineryHost.StartAsync();
        for (var number = 0; number < 30; number++)
        {
            await host.SubmitAsync(new { type = "nobody", args = new { }, metadata = new { owner = "ada" } });
        }

        await SubmitAsync(host, "bo", 20);
        await SubmitAsync(host, "ada", 1);

        Assert.Contains("ada", await OwnersAsync(host, claims: 3));
    }

    [Fact]
    public async Task A_higher_priority_goes_first_whosever_it_is()
    {
        await using var host = await RefineryHost.StartAsync();
        await SubmitAsync(host, "bo", 1);
        for (var number = 0; number < 5; number++)
        {
            await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, metadata = new { owner = "ada" }, priority = 1 });
        }

        Assert.Equal(["ada", "ada", "ada", "ada", "ada", "bo"], await OwnersAsync(host, claims: 6));
    }

    [Fact]
    public async Task The_turns_outlive_a_restart()
    {
        using var folder = new TemporaryFolder();
        var host = await RefineryHost.StartAsync(folder);
        await SubmitAsync(host, "ada", 20);
        await OwnersAsync(host, claims: 5);
        await SubmitAsync(host, "bo", 3);
        await host.StopAsync();

        await using var again = await RefineryHost.StartAsync(folder);
        await SubmitAsync(again, "bo", 3);
        Assert.InRange((await OwnersAsync(again, claims: 12)).Count(owner => owner == "bo"), 5, 6);
    }

    private static async Task EnqueueAsync(RefineryHost host, string owner, int count)
    {
        foreach (var numbers in Enumerable.Range(0, count).Chunk(1000))
        {
            await host.PostAsync("/api/queue/enqueue", numbers.Select(number => new { package = $"{owner}-{number}", version = "1.0", third_party_id = owner }));
        }
    }

    private static async Task<IReadOnlyList<string>> SubmitAsync(RefineryHost host, string owner, int count, int retries = 3)
    {
        var ids = new List<string>();
        for (var number = 0; number < count; number++)
        {
            ids.Add(await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { number }, metadata = new { owner }, max_retries = retries }));
        }

        return ids;
    }

    /// <summary>Whose steps are called, one claim after the other.</summary>
    private static async Task<IReadOnlyList<string?>> OwnersAsync(RefineryHost host, int claims)
    {
        var owners = new List<string?>();
        for (var number = 0; number < claims; number++)
        {
            var body = new { pod_id = "pod-a", kinds = new[] { FleetCalls.Elsewhere, "wheel_build" }, max = 1 };
            owners.AddRange((await host.PostAsync("/api/steps/claim", body)).EnumerateArray().Select(step => step.GetProperty("metadata"))
                .Select(metadata => metadata.TryGetProperty("owner", out var owner) ? owner.GetString() : metadata.GetProperty("third_party_id").GetString()));
        }

        return owners;
    }

    private static async Task FailAsync(RefineryHost host, IReadOnlyList<System.Text.Json.JsonElement> claims)
    {
        foreach (var claim in claims)
        {
            await host.PostAsync($"/api/steps/{claim.GetProperty("step_id").GetString()}/fail", new { pod_id = "pod-a", fence = claim.GetProperty("fence").GetInt64() });
        }
    }
}
