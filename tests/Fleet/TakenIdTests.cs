using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Two hosts may make one id: the step of the second is stored all the same.</summary>
public sealed class TakenIdTests
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 24, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_step_whose_id_is_taken_is_stored_under_another()
    {
        var clock = new FlowClock();
        await using var host = await RefineryHost.StartAsync(new TemporaryFolder(), services => services.AddSingleton<TimeProvider>(clock), ("LOCAL_WORKER", "0"));
        var others = Enumerable.Range(0, 4096).Select(number => $"step_20260124100000_{number:x8}").ToHashSet(StringComparer.Ordinal);
        await host.Database.WriteAsync(
            async sql =>
            {
                await StepStore.InsertAsync(sql, [.. others.Select(Other)]);
                return true;
            },
            CancellationToken.None);

        clock.StandStill();
        var stored = Assert.Single(await host.Services.GetRequiredService<StepIntake>().TakeAsync(
            [new NewStep { Type = FleetCalls.Elsewhere, Args = StepJson.Parse("{}") }], CancellationToken.None));

        Assert.True(stored.IsNew);
        Assert.DoesNotContain(stored.Row.StepId, others);
        Assert.Equal(stored.Row, await host.RowAsync(stored.Row.StepId));
    }

    [Fact]
    public async Task A_step_whose_id_is_taken_by_one_in_its_line_is_handed_to_the_pod_that_waits_under_another()
    {
        var clock = new FlowClock();
        await using var host = await RefineryHost.StartAsync(new TemporaryFolder(), services => services.AddSingleton<TimeProvider>(clock), ("LOCAL_WORKER", "0"));
        var others = Enumerable.Range(0, 4096).Select(number => $"step_20260124100000_{number:x8}").ToHashSet(StringComparer.Ordinal);
        await host.Database.WriteAsync(
            async sql =>
            {
                await StepStore.InsertAsync(sql, others.Select(stepId => Other(stepId) with { Type = FleetCalls.Elsewhere, Priority = -1 }));
                return true;
            },
            CancellationToken.None);
        var claim = host.Services.GetRequiredService<WaitingClaims>().Enter(
            new ClaimRequest("pod", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 5000, Start: false));

        clock.StandStill();
        var stored = Assert.Single(await host.Services.GetRequiredService<StepIntake>().TakeAsync(
            [new NewStep { Type = FleetCalls.Elsewhere, Args = StepJson.Parse("{}") }], CancellationToken.None));

        Assert.DoesNotContain(stored.Row.StepId, others);
        var given = (await claim.Made).Select(row => row.StepId).ToList();
        Assert.Equal(stored.Row.StepId, given[0]);
        Assert.Equal(others, given.Skip(1).ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Of_steps_with_one_id_the_second_is_refused()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        Task<bool> InsertAsync() => host.Database.WriteAsync(
            async sql =>
            {
                await StepStore.InsertAsync(sql, [Other("step_20260124100000_00000001")]);
                return true;
            },
            CancellationToken.None);

        Assert.True(await InsertAsync());
        await Assert.ThrowsAsync<System.Data.DBConcurrencyException>(InsertAsync);
    }

    private static StepRow Other(string stepId) => new()
    {
        StepId = stepId, BuildId = stepId, Type = "other", Status = Status.Pending, Priority = 0, Rank = 0, Args = "{}", Metadata = "{}",
        MaxRetries = 0, RetryCount = 0, Attempts = 0, Fence = 0, CreatedAt = Moment, UpdatedAt = Moment,
    };

    /// <summary>A clock that stands still for whoever asks it to, as long as a step is made once.</summary>
    private sealed class FlowClock : TimeProvider
    {
        /// <summary>The instant of the step, its id and that of its event.</summary>
        private const int Askings = 3;

        private readonly AsyncLocal<int[]?> asked = new();

        public void StandStill() => asked.Value = [0];

        public override DateTimeOffset GetUtcNow() => asked.Value is { } count && count[0]++ < Askings ? Moment : base.GetUtcNow();
    }
}
