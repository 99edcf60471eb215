using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;
using Refinery.Tests.Kernel.Storage;
using Refinery.Tests.Logs;

namespace Refinery.Tests.Fleet;

/// <summary>A host that believes the fleet to be idle asks for nothing before it hands a step over; where it is wrong the group is refused and runs again.</summary>
public sealed class IdleHandoverTests
{
    private static readonly NewStep Step = new() { Type = FleetCalls.Elsewhere, Args = StepJson.Parse("{}") };
    private static readonly ClaimRequest Request = new("pod", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 1, Start: true);

    [Fact]
    public async Task A_step_that_the_host_knows_nothing_of_is_handed_over_first()
    {
        await using var shared = await SharedHosts.StartAsync(1);
        var (host, ways) = (shared.All[0], await IdleAsync(shared.All[0]));
        var known = await host.RowAsync(await host.SubmitAsync());
        await Claims(host).ClaimNowAsync(Request, CancellationToken.None);
        var hidden = known with { StepId = "step_0", BuildId = "hidden", Rank = 1 };

        var claim = await WaitAsync(host);
        await host.Database.WriteAsync(sql => StepStore.InsertUnlessThereAsync(sql, hidden), CancellationToken.None);
        ways.Clear();
        var stepId = await host.SubmitAsync();

        Assert.Equal(hidden.StepId, Assert.Single(await claim).StepId);
        Assert.Equal("pending", await host.StatusAsync(stepId));
        Assert.True(ways.BeforeCommitOf("task.created") is [0, > 0]);
    }

    [Fact]
    public async Task A_step_of_a_type_that_was_paused_unheard_is_handed_to_nobody()
    {
        await using var shared = await SharedHosts.StartAsync(1);
        var (host, ways) = (shared.All[0], await IdleAsync(shared.All[0]));
        await shared.ExecuteAsync($"INSERT INTO paused_types (type, paused_at) VALUES ('{FleetCalls.Elsewhere}', '2026-01-01T00:00:00.000000Z')");

        var claim = await WaitAsync(host);
        ways.Clear();
        var stepId = await host.SubmitAsync();

        Assert.Equal("pending", await host.StatusAsync(stepId));
        Assert.False(claim.IsCompleted);
        Assert.True(ways.BeforeCommitOf("task.created") is [0, > 0]);
    }

    [Fact]
    public async Task Several_steps_of_one_line_are_handed_over_at_once_again_and_again()
    {
        await using var shared = await SharedHosts.StartAsync(1);
        var (host, ways) = (shared.All[0], await IdleAsync(shared.All[0]));
        var believed = 0;
        await Wait.UntilAsync(async () =>
        {
            Task<IReadOnlyList<StepRow>>[] claims = [await WaitAsync(host), await WaitAsync(host, 2)];
            ways.Clear();
            var steps = await host.Services.GetRequiredService<ISteps>().SubmitAsync([Step, Step], CancellationToken.None);
            var given = (await Task.WhenAll(claims)).Select(rows => rows.Single()).ToList();

            Assert.Equal(steps.Select(step => step.StepId).Order(), given.Select(step => step.StepId).Order());
            Assert.Equal(2, ways.BeforeCommitOf("task.created").Length);
            believed += ways.BeforeCommitOf("task.created") is [0, 0] ? 1 : 0;
            foreach (var step in given)
            {
                await EndAsync(host, step);
            }

            return believed == 2;
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_lost_is_made_up_for_unheard(bool isKept)
    {
        using var books = new TemporaryFolder();
        await using var relay = new PostgresRelay(PostgresEngine.ConnectionStringOf(books));
        await using var host = await RefineryHost.StartAsync(books, _ => { }, ("POSTGRES_DSN", relay.ConnectionString), ("LOCAL_WORKER", "0"));
        await IdleAsync(host);
        var claim = await WaitAsync(host);
        if (isKept)
        {
            _ = relay.CutAtCommit(answer: true, Task.CompletedTask);
        }
        else
        {
            relay.CutAll();
        }

        var stepId = await host.SubmitAsync();

        var step = Assert.Single(await claim);
        Assert.Equal((stepId, 1L), (step.StepId, step.Fence));
        Assert.NotNull(await EndAsync(host, step));
        var row = await host.RowAsync(stepId);
        Assert.Equal(("completed", 1L), (row.Status, row.Attempts));
        var verdict = await host.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None);
        Assert.True(verdict.Valid, verdict.Reason);
        Assert.Equal(0, await host.Database.ReadAsync(
            sql => sql.WholeAsync("SELECT (SELECT COUNT(*) FROM events WHERE event_type = 'task.created') - (SELECT COUNT(*) FROM steps)"), CancellationToken.None));
    }

    [Fact]
    public async Task What_another_host_has_written_meanwhile_stays_in_the_journal()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var (host, ways) = (shared.All[0], await IdleAsync(shared.All[0]));
        await UntilRefusedAsync(ways, async () =>
        {
            await shared.All[1].PostAsync("/api/logs", new { name = "numpy", version = "1.0", content = "of another host" });
            await HandOverAsync(host, ways);
        });

        var verdict = await host.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None);
        Assert.True(verdict.Valid, verdict.Reason);
    }

    [Fact]
    public async Task A_host_that_does_not_have_the_turn_waits_for_it_and_asks()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var (host, ways) = (shared.All[0], await IdleAsync(shared.All[0]));
        await UntilRefusedAsync(ways, async () =>
        {
            Task? handing = null;
            await shared.All[1].Database.WriteAsync(
                async sql =>
                {
                    await sql.TurnAsync();
                    handing ??= HandOverAsync(host, ways);
                    await Wait.UntilAsync(async () => await shared.CountAsync(
                        """
                        SELECT COUNT(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
                        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
                        """) > 0);
                    return 0;
                },
                CancellationToken.None);
            await handing!;
        });
    }

    [Fact]
    public async Task Hosts_that_hand_over_by_turns_lose_nothing_and_chain_all()
    {
        const int Rounds = 100;
        await using var shared = await SharedHosts.StartAsync(2);
        WayCount[] ways = [await WayCount.JoinAsync(shared.All[0].Database), await WayCount.JoinAsync(shared.All[1].Database)];
        for (var round = 0; round < Rounds; round++)
        {
            await HandOverAsync(shared.All[round / 3 % 2]);
        }

        Assert.Contains(0, ways.SelectMany(one => one.BeforeCommitOf("task.created")));
        var verdict = await shared.All[0].Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None);
        Assert.True(verdict.Valid, verdict.Reason);
        Assert.Equal(Rounds, await shared.CountAsync("SELECT COUNT(*) FROM steps WHERE status = 'completed' AND attempts = 1"));
    }

    [Fact]
    public async Task Other_hosts_are_called_for_what_is_left_and_not_for_what_is_handed_over()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var (host, other) = (shared.All[0], shared.All[1]);
        await EndAsync(host, await GiveAsync(host, other));
        await UntilRunningAsync(other, 0);
        var bell = other.Services.GetRequiredService<DispatchQueue>().Ready.Next;

        await GiveAsync(host, other);
        Assert.False(bell.IsCompleted);

        await host.SubmitAsync();
        await bell.WaitAsync(TimeSpan.FromMinutes(1));
    }

    /// <summary>Brings a host to believe that nothing waits and that nobody else writes.</summary>
    private static async Task<WayCount> IdleAsync(RefineryHost host)
    {
        var ways = await WayCount.JoinAsync(host.Database);
        await Wait.UntilAsync(async () =>
        {
            await HandOverAsync(host, ways);
            return ways.BeforeCommitOf("task.created") is [0];
        });
        return ways;
    }

    /// <summary>Does something again until a host has believed in vain.</summary>
    private static Task UntilRefusedAsync(WayCount ways, Func<Task> arrange) => Wait.UntilAsync(async () =>
    {
        await arrange();
        return ways.BeforeCommitOf("task.created") is [0, > 0];
    });

    /// <summary>Submits a step that a pod waits for, and ends it.</summary>
    private static async Task HandOverAsync(RefineryHost host, WayCount? ways = null)
    {
        var claim = await WaitAsync(host);
        ways?.Clear();
        var stepId = await host.SubmitAsync();
        var step = Assert.Single(await claim);
        Assert.Equal(stepId, step.StepId);
        await EndAsync(host, step);
    }

    /// <summary>Submits a step that a pod waits for, and returns once another host has heard that it runs.</summary>
    private static async Task<StepRow> GiveAsync(RefineryHost host, RefineryHost other)
    {
        var claim = await WaitAsync(host);
        await host.SubmitAsync();
        var step = Assert.Single(await claim);
        await UntilRunningAsync(other, 1);
        return step;
    }

    private static Task UntilRunningAsync(RefineryHost host, long count) =>
        Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<StepCounters>().Of(FleetCalls.Elsewhere, Status.Running) == count));

    private static StepClaims Claims(RefineryHost host) => host.Services.GetRequiredService<StepClaims>();

    private static Task<StepRow?> EndAsync(RefineryHost host, StepRow step) =>
        host.Services.GetRequiredService<StepEndings>().FinishAsync(step.Holder, StepOutcome.Success("done"), RunFacts.None, CancellationToken.None);

    /// <summary>Begins to wait for a step, and returns once the host knows it.</summary>
    private static async Task<Task<IReadOnlyList<StepRow>>> WaitAsync(RefineryHost host, int count = 1)
    {
        var claim = Claims(host).ClaimAsync(Request, TimeSpan.FromMinutes(2), CancellationToken.None);
        await Wait.UntilAsync(() => Task.FromResult(host.Services.GetRequiredService<WaitingClaims>().Count == count));
        return claim;
    }
}
