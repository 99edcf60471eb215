using Refinery.Fleet;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>A claim looks at the steps it can have, however many others wait.</summary>
[Trait("Engine", "sqlite")]
public sealed class StepIndexTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 24, 10, 0, 0, TimeSpan.Zero);

    private ElectionYard yard = null!;

    public async Task InitializeAsync() => yard = await ElectionYard.OpenAsync();

    public async Task DisposeAsync() => await yard.DisposeAsync();

    [Fact]
    public async Task The_next_steps_of_a_claim_are_read_from_the_index_in_order_and_no_delayed_one_is_passed()
    {
        var plan = await PlanAsync(StepStore.Ready);

        Assert.Contains("USING INDEX steps_waiting (type=? AND <expr>=?)", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_those_whose_instant_has_come_are_looked_at_to_let_them_in_line()
    {
        var plan = await PlanAsync(StepStore.Ripe.Replace("{{skip_locked}}", string.Empty, StringComparison.Ordinal));

        Assert.Contains("steps_delayed (type=? AND not_before<?)", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_counts_the_steps_that_have_not_ended_and_reads_no_others()
    {
        var waiting = await PlanAsync(StepStore.Waiting);

        Assert.Contains("USING INDEX steps_waiting", waiting, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", waiting, StringComparison.Ordinal);
        Assert.Contains("USING INDEX steps_leased", await PlanAsync(StepStore.Held), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_submission_finds_the_head_of_its_line_by_one_look()
    {
        var plan = await PlanAsync(StepStore.Head);

        Assert.Contains("USING INDEX steps_waiting (type=? AND <expr>=? AND priority=?)", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_waited_for_an_instant_joins_its_line_and_is_called_like_the_others()
    {
        await AddAsync("ready-low", priority: 0, rank: 1, notBefore: null);
        await AddAsync("due-high", priority: 5, rank: 2, Now);
        await AddAsync("later", priority: 9, rank: 3, Now.AddTicks(10));
        await AddAsync("due-low", priority: 0, rank: 0, Now.AddDays(-1));

        var seen = await yard.Database.ReadAsync(sql => StepStore.ListDueAsync(sql, "build", Now, limit: 3), CancellationToken.None);
        var claimed = await yard.Database.WriteAsync(async sql => await new Turns(sql).JoinAsync("build", await StepStore.ListRipeAsync(sql, "build", Now)) is { Count: 2 } ? await StepStore.ListReadyAsync(sql, "build", limit: 3) : [], CancellationToken.None);
        var page = await yard.Database.ReadAsync(sql => StepStore.ListWaitingAsync(sql, "build", Now, (10, 1)), CancellationToken.None);
        var oldest = await yard.Database.ReadAsync(sql => StepStore.OldestWaitingAsync(sql, "build"), CancellationToken.None);

        Assert.Equal(["due-high", "due-low", "ready-low"], seen.Select(step => step.StepId));
        Assert.Equal(["due-high", "due-low", "ready-low"], claimed.Select(step => step.StepId));
        Assert.Equal(["due-low", "ready-low", "later"], page.Select(step => step.StepId));
        Assert.Equal(Instant.Format(Now), oldest);
    }

    [Fact]
    public async Task Of_a_type_that_is_paused_nobody_joins_the_line_and_none_is_read_for_it()
    {
        await AddAsync("due", priority: 0, rank: 1, Now.AddDays(-1));
        await PauseAsync(sql => PausedTypeStore.PutAsync(sql, new PausedType("build", null, null, Now)));

        Assert.Empty(await RipeAsync());
        await PauseAsync(sql => PausedTypeStore.DeleteAsync(sql, "build"));
        Assert.Equal(["due"], (await RipeAsync()).Select(step => step.StepId));
    }

    private Task<int> PauseAsync(Func<SqlSession, Task<int>> change) => yard.Database.WriteAsync(change, CancellationToken.None);

    private Task<IReadOnlyList<RipeStep>> RipeAsync() => yard.Database.WriteAsync(sql => StepStore.ListRipeAsync(sql, "build", Now), CancellationToken.None);

    private async Task<string> PlanAsync(string text) => string.Join('\n', (await yard.Database.ReadAsync(
        sql => sql.QueryAsync<PlanRow>("EXPLAIN QUERY PLAN " + text, new { Type = "build", Priority = 0, Now, Limit = 10 }), CancellationToken.None)).Select(row => row.Detail));

    private Task<int> AddAsync(string stepId, long priority, long rank, DateTimeOffset? notBefore) => yard.Database.WriteAsync(
        sql => StepStore.InsertUnlessThereAsync(sql, new StepRow
        {
            StepId = stepId, BuildId = stepId, Type = "build", Status = Status.Pending, Priority = priority, Rank = rank, Args = "{}", Metadata = "{}",
            MaxRetries = 0, RetryCount = 0, Attempts = 0, Fence = 0, NotBefore = notBefore, CreatedAt = Now.AddSeconds(rank), UpdatedAt = Now,
        }),
        CancellationToken.None);

    /// <summary>A line of SQLite's answer.</summary>
    private sealed record PlanRow
    {
        public required string Detail { get; init; }
    }
}
