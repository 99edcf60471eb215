using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Refinery.Fleet;
using Refinery.Kernel.Storage;
using Refinery.Tests.Chaos;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>A lease counts from the moment at which a host may write, however long the others kept it waiting.</summary>
public sealed class LeaseTurnTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(600);
    private static readonly TimeSpan Waited = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_claim_and_a_renewal_that_wait_for_their_turn_lose_nothing_of_the_lease()
    {
        using var books = new TemporaryFolder();
        var (dsn, clock) = (PostgresEngine.ConnectionStringOf(books), new LateClock());
        await using var host = await StartAsync(books, dsn, clock);
        var stepId = (await host.PostAsync("/submit", new { type = FleetCalls.Elsewhere, args = new { } })).GetProperty("step_id").GetString()!;

        var claimed = await WhileTheTurnIsHeldAsync(dsn, clock, () => host.PostAsync("/api/steps/claim", new { pod_id = "pod", kinds = new[] { FleetCalls.Elsewhere } }));
        await AssertWholeAsync(host, stepId, clock);

        var fence = claimed.EnumerateArray().Single().GetProperty("fence").GetInt64();
        await WhileTheTurnIsHeldAsync(dsn, clock, () => host.PostAsync($"/api/steps/{stepId}/renew", new { pod_id = "pod", fence }));
        await AssertWholeAsync(host, stepId, clock);
    }

    [Fact]
    public async Task A_step_that_is_stored_for_a_pod_that_waits_has_its_whole_lease()
    {
        using var books = new TemporaryFolder();
        var (dsn, clock) = (PostgresEngine.ConnectionStringOf(books), new LateClock());
        await using var host = await StartAsync(books, dsn, clock);
        var claim = host.Services.GetRequiredService<WaitingClaims>().Enter(
            new ClaimRequest("pod", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 1, Start: false));

        var stepId = (await WhileTheTurnIsHeldAsync(dsn, clock, () => host.PostAsync("/submit", new { type = FleetCalls.Elsewhere, args = new { } }))).GetProperty("step_id").GetString()!;

        Assert.Equal(stepId, Assert.Single(await claim.Made).StepId);
        await AssertWholeAsync(host, stepId, clock);
    }

    private static Task<RefineryHost> StartAsync(TemporaryFolder books, string dsn, LateClock clock) => RefineryHost.StartAsync(
        books, services => services.AddSingleton<TimeProvider>(clock), ("POSTGRES_DSN", dsn), ("LOCAL_WORKER", "0"), ("FLEET_Q_LEASE_SEC", $"{Lease.TotalSeconds}"));

    private static async Task<JsonElement> WhileTheTurnIsHeldAsync(string dsn, LateClock clock, Func<Task<JsonElement>> call)
    {
        await using var other = new NpgsqlConnection(dsn + ";Pooling=false");
        await other.OpenAsync();
        await using var hold = new NpgsqlCommand("SELECT pg_advisory_lock(hashtext('refinery'))", other);
        await hold.ExecuteNonQueryAsync();
        var answer = call();
        await using var waits = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory')", other);
        await Wait.UntilAsync(async () => (bool)(await waits.ExecuteScalarAsync())!);
        clock.Pass(Waited);
        await other.CloseAsync();
        return await answer;
    }

    private static async Task AssertWholeAsync(RefineryHost host, string stepId, LateClock clock)
    {
        var row = await host.Services.GetRequiredService<Database>().ReadAsync(sql => StepStore.FindAsync(sql, stepId), CancellationToken.None);
        Assert.InRange(row!.LeaseUntil!.Value - clock.GetUtcNow(), Lease - (Waited / 2), Lease);
    }

    /// <summary>The machine's clock, and what has been let pass beside it.</summary>
    private sealed class LateClock : TimeProvider
    {
        private long passed;

        public void Pass(TimeSpan time) => Interlocked.Add(ref passed, time.Ticks);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref passed));
    }
}
