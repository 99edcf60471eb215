using System.Data;
using System.Data.Common;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>Queries that are asked together.</summary>
public abstract partial class StorageContract
{
    private const string SizeOf = "SELECT size FROM things WHERE name = @Name";

    [Fact]
    public async Task Queries_asked_together_are_each_answered_with_their_own_rows()
    {
        await PutAllAsync(PutThing, [new Row("a", 1, null, Made), new Row("b", 2, null, Made), new Row("c", 3, null, Made)]);

        var (a, b, nobody, all, some) = await database.ReadAsync(
            async sql =>
            {
                var asked = await sql.TogetherAsync(() => (
                    A: sql.WholeAsync(SizeOf, new { Name = "a" }),
                    B: sql.WholeAsync(SizeOf, new { Name = "b" }),
                    Nobody: sql.WholeAsync(SizeOf, new { Name = "nobody" }),
                    All: sql.QueryAsync(row => row.Text(0), "SELECT name FROM things ORDER BY name"),
                    Some: sql.QueryAllAsync(row => row.Whole(0), SizeOf, [new Row("b", null, null, Made), new Row("c", null, null, Made)])));
                return (await asked.A, await asked.B, await asked.Nobody, await asked.All, await asked.Some);
            },
            CancellationToken.None);

        Assert.Equal((1L, 2L, (long?)null), (a, b, nobody));
        Assert.Equal(["a", "b", "c"], all);
        Assert.Equal([2L, 3L], some.Order());
    }

    [Fact]
    public async Task What_cannot_go_together_says_so()
    {
        Func<SqlSession, Func<Task>>[] wrong =
        [
            sql => () => sql.QueryAsync<Thing>("SELECT * FROM things"),
            sql => () => sql.TogetherAsync(() => sql.WholeAsync("SELECT COUNT(*) FROM things")),
        ];
        foreach (var begin in wrong)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync(async sql => { await await sql.TogetherAsync(begin(sql)); return 0; }, CancellationToken.None));
        }

        Assert.Equal(0, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task Queries_asked_together_see_what_was_told_before_and_leave_rows_that_nobody_wants()
    {
        var seen = await database.WriteAsync(
            async sql =>
            {
                await sql.ChangeEachAsync(PutThing, [.. Enumerable.Range(0, 100).Select(number => new Row($"large {number}", number, null, Made))]);
                await sql.ExecuteAllAsync(PutThing, [new Row("small", 1000, null, Made)]);
                await sql.ExecuteAllAsync("SELECT abs(@Size)", [new Row("told", -7, null, Made), new Row("told", -8, null, Made)]);
                var asked = await sql.TogetherAsync(() => (
                    First: sql.WholeAsync("SELECT size FROM things ORDER BY size DESC"),
                    Count: sql.WholeAsync("SELECT COUNT(*) FROM things")));
                await sql.ExecuteAllAsync("DELETE FROM things WHERE name = @Name", [new Row("small", null, null, Made)]);
                return (await asked.First, await asked.Count, await sql.WholeAsync("SELECT COUNT(*) FROM things"));
            },
            CancellationToken.None);

        Assert.Equal((1000L, 101L, 100L), seen);
    }

    [Fact]
    public async Task What_goes_on_with_an_answer_may_ask_again()
    {
        await PutAllAsync(PutThing, [new Row("a", 1, null, Made), new Row("b", 2, null, Made)]);

        var names = await database.ReadAsync(
            async sql =>
            {
                string[] wanted = ["a", "b"];
                return await Task.WhenAll(await sql.TogetherAsync(() => wanted.Select(async name =>
                {
                    var size = await sql.WholeAsync(SizeOf, new { Name = name });
                    return await sql.QueryAsync(row => row.Text(0), "SELECT name FROM things WHERE size = @Size", new { Size = 3 - size });
                }).ToList()));
            },
            CancellationToken.None);

        Assert.Equal(["b", "a"], names.Select(found => found.Single()));
    }

    [Fact]
    public async Task What_is_asked_ahead_is_answered_whether_or_not_anything_is_asked_after_it()
    {
        var counts = await database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAllAsync("INSERT INTO things (name) VALUES (@Name)", [new { Name = "before" }]);
                var alone = sql.AskAhead(() => sql.WholeAsync("SELECT COUNT(*) FROM things"));
                await sql.ExecuteAllAsync("INSERT INTO things (name) VALUES (@Name)", [new { Name = "after" }]);
                await sql.TurnAsync();
                var along = sql.AskAhead(() => sql.WholeAsync("SELECT COUNT(*) FROM things"));
                var next = await sql.WholeAsync("SELECT COUNT(*) FROM things");
                await sql.TurnAsync();
                return (await alone, await along, next);
            },
            CancellationToken.None);

        Assert.Equal((1L, 2L, 2L), counts);
    }

    [Fact]
    public async Task A_fault_in_what_was_asked_ahead_is_its_units_and_no_others()
    {
        var units = await GroupAsync(3, index => async sql =>
        {
            var asked = index == 1 ? sql.AskAhead(() => sql.WholeAsync("SELECT COUNT(*) FROM nothing")) : Task.FromResult<long?>(0);
            var id = await AddAsync(sql, $"thing-{index}");
            await sql.TurnAsync();
            await asked;
            return id;
        });

        Assert.Single(await FaultsAsync(units));
        Assert.True(units[1].IsFaulted);
        Assert.Equal(2, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task A_fault_among_queries_asked_together_is_thrown_and_harms_no_other_unit()
    {
        await PutAllAsync(PutThing, [new Row("a", 1, null, Made)]);
        var overlong = new { Name = "a", Factor = long.MaxValue };

        for (var round = 0; round < 3; round++)
        {
            await Assert.ThrowsAnyAsync<DbException>(() => database.WriteAsync(
                async sql =>
                {
                    await sql.ExecuteAllAsync(PutThing, [new Row("b", 2, null, Made)]);
                    var asked = await sql.TogetherAsync(() => (A: sql.WholeAsync(SizeOf, new { Name = "a" }), Wrong: sql.WholeAsync("SELECT abs(size - 2 - @Factor) FROM things WHERE name = @Name", overlong)));
                    return await asked.A + await asked.Wrong;
                },
                CancellationToken.None));
            Assert.Equal(1, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
        }

        Assert.Equal(1, await database.WriteAsync(sql => sql.WholeAsync(SizeOf, new { Name = "a" }), CancellationToken.None));
    }

    [Fact]
    public async Task A_change_that_missed_its_row_shows_at_what_is_asked_after_it()
    {
        await Assert.ThrowsAnyAsync<DBConcurrencyException>(() => database.WriteAsync(
            async sql =>
            {
                await sql.ChangeEachAsync("UPDATE things SET size = @Size WHERE name = @Name", [new Row("nobody", 1, null, Made)]);
                return await sql.WholeAsync("SELECT COUNT(*) FROM things");
            },
            CancellationToken.None));
    }

    [Fact]
    public async Task A_text_of_several_statements_is_run_whole()
    {
        var sizes = await database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAsync("INSERT INTO things (name, size) VALUES ('a', 1); INSERT INTO things (name, size) VALUES ('b', 2)");
                return await sql.QueryAsync(row => row.Whole(0), "SELECT size FROM things ORDER BY size;");
            },
            CancellationToken.None);

        Assert.Equal([1L, 2L], sizes);
    }
}
