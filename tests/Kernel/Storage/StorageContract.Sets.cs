using System.Data.Common;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

public abstract partial class StorageContract
{
    private const string AddThing = "INSERT INTO things (name, size, weight, made_at) VALUES (@Name, COALESCE(@Size, 7), @Weight, @MadeAt) ON CONFLICT DO NOTHING RETURNING name";

    private const string PutThing = "INSERT INTO things (name, size) VALUES (@Name, @Size)";

    private static readonly DateTimeOffset Made = new(2026, 1, 24, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(12_000)]
    public async Task A_set_of_rows_is_stored_as_each_would_be(int count)
    {
        var rows = Enumerable.Range(0, count).Select(number => new Row($"thing {number}", number % 3 == 0 ? null : number, number % 2 == 0 ? null : number / 2.0, Made.AddSeconds(number))).ToList();

        var stored = await database.WriteAsync(sql => sql.QueryAllAsync(row => row.Text(0), AddThing, rows), CancellationToken.None);

        Assert.Equal(rows.Select(row => row.Name).Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
        var things = await database.ReadAsync(sql => sql.QueryAsync<Thing>("SELECT * FROM things"), CancellationToken.None);
        Assert.Equal(
            rows.Select(row => (row.Name, row.Size ?? 7L, row.Weight, (DateTimeOffset?)row.MadeAt)).OrderBy(row => row.Name, StringComparer.Ordinal),
            things.Select(thing => (thing.Name, thing.Size!.Value, thing.Weight, thing.MadeAt)).OrderBy(row => row.Item1, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Of_a_set_only_the_rows_that_were_stored_come_back()
    {
        await AddAsync("there");
        Row[] rows = [new("a", 1, null, Made), new("there", 2, null, Made), new("a", 3, null, Made)];

        var stored = await database.WriteAsync(sql => sql.QueryAllAsync(row => row.Text(0), AddThing, rows), CancellationToken.None);

        Assert.Equal(["a"], stored);
        Assert.Equal(1, await ReadAsync<long>("SELECT size FROM things WHERE name = 'a'"));
    }

    [Fact]
    public async Task A_set_changes_finds_and_removes_the_rows_it_names()
    {
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            await AddAsync(name);
        }

        Row[] rows = [new("a", 1, null, Made), new("c", 3, null, Made), new("nobody", 9, null, Made)];
        await PutAllAsync("UPDATE things SET size = @Size, made_at = @MadeAt WHERE name = @Name AND size IS NULL", rows);
        var found = await database.ReadAsync(sql => sql.QueryAllAsync(row => (row.Text(0), row.Whole(1)), "SELECT name, size FROM things WHERE name = @Name", rows), CancellationToken.None);
        await PutAllAsync("DELETE FROM things WHERE name = @Name", rows);

        Assert.Equal([("a", 1L), ("c", 3L)], found.Order());
        Assert.Equal(2, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task A_set_is_seen_by_the_next_statement_and_one_set_after_the_other()
    {
        var names = await database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAllAsync(PutThing, [new Row("a", 1, null, Made), new Row("b", 2, null, Made)]);
                await sql.ExecuteAllAsync("DELETE FROM things WHERE name = @Name", [new Row("a", null, null, Made)]);
                await sql.ExecuteAllAsync(PutThing, [new Row("c", 3, null, Made)]);
                return await sql.QueryAsync<string>("SELECT name FROM things ORDER BY name");
            },
            CancellationToken.None);

        Assert.Equal(["b", "c"], names);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3000)]
    public async Task A_set_that_fails_takes_its_own_unit_along_and_no_other(int count)
    {
        await AddAsync("there");
        var (_, release) = await HoldAsync();
        var rows = Enumerable.Range(0, count).Select(number => new Row($"new {number}", null, null, Made)).Append(new Row("there", null, null, Made)).ToList();
        var failing = database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAllAsync("INSERT INTO things (name) VALUES (@Name)", rows);
                await sql.ExecuteAllAsync("UPDATE things SET size = 1 WHERE name = @Name", rows);
                return true;
            },
            CancellationToken.None);
        var other = PutAllAsync(PutThing, [new Row("other", null, null, Made)]);
        release();

        await other;
        await Assert.ThrowsAnyAsync<DbException>(() => failing);
        Assert.Equal(["held", "other", "there"], await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name FROM things ORDER BY name"), CancellationToken.None));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5000)]
    public async Task A_set_that_is_to_change_each_row_fails_where_one_is_not_there_and_takes_no_other_unit_along(int count)
    {
        var names = Enumerable.Range(0, count).Select(number => new Row($"thing {number}", null, null, Made)).ToList();
        await PutAllAsync(PutThing, names);
        var (_, release) = await HoldAsync();
        var failing = ChangeEachAsync([.. names, new Row("nobody", null, null, Made)], thenReads: false);
        var reading = ChangeEachAsync([new Row("nobody", null, null, Made), .. names], thenReads: true);
        var changing = ChangeEachAsync(names, thenReads: false);
        release();

        Assert.True(await changing);
        await Assert.ThrowsAsync<System.Data.DBConcurrencyException>(() => failing);
        await Assert.ThrowsAsync<System.Data.DBConcurrencyException>(() => reading);
        Assert.Equal(count, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE size = 1"));
    }

    [Fact]
    public async Task Sets_of_one_that_go_together_change_each_their_own_row_or_nothing()
    {
        await PutAllAsync(PutThing, [new("a", 0, null, Made), new("b", 0, null, Made)]);

        await ChangeOneByOneAsync(("a", 1), ("b", 2), ("a", 3));
        await Assert.ThrowsAsync<System.Data.DBConcurrencyException>(() => ChangeOneByOneAsync(("a", 4), ("nobody", 5)));
        await Assert.ThrowsAsync<System.Data.DBConcurrencyException>(() => ChangeOneByOneAsync(("nobody", 6), ("b", 7)));

        Assert.Equal(3, await ReadAsync<long>("SELECT size FROM things WHERE name = 'a'"));
        Assert.Equal(2, await ReadAsync<long>("SELECT size FROM things WHERE name = 'b'"));

        Task<bool> ChangeOneByOneAsync(params (string Name, int Size)[] changes) => database.WriteAsync(
            async sql =>
            {
                foreach (var (name, size) in changes)
                {
                    await sql.ChangeEachAsync("UPDATE things SET size = @Size WHERE name = @Name", [new Row(name, size, null, Made)]);
                }

                return true;
            },
            CancellationToken.None);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_text_may_be_given_as_utf8(int count)
    {
        string?[] texts = ["plain", string.Empty, "é \u2028 😀", null];
        foreach (var (index, text) in texts.Index())
        {
            var given = text is null ? (ReadOnlyMemory<byte>?)null : System.Text.Encoding.UTF8.GetBytes(text);
            var rows = Enumerable.Range(0, count).Select(number => new { Name = $"{index} {number}", Given = given }).ToList();
            await database.WriteAsync(
                async sql =>
                {
                    await sql.ExecuteAllAsync("INSERT INTO things (name, made_at) VALUES (@Name, @Given)", rows);
                    return await sql.ExecuteAsync("UPDATE things SET made_at = @Given WHERE name = @Name", rows[0]);
                },
                CancellationToken.None);
            var read = await database.ReadAsync(
                sql => sql.QueryAsync(
                    row => row.IsNull(0) ? null : System.Text.Encoding.UTF8.GetString(row.Utf8(0)) + row.Text(0), "SELECT made_at FROM things WHERE name LIKE @Like", new { Like = $"{index} %" }),
                CancellationToken.None);

            Assert.Equal(Enumerable.Repeat(text is null ? null : text + text, count), read);
        }
    }

    [Fact]
    public async Task Many_sets_one_after_the_other_are_stored_in_their_order()
    {
        var rows = Enumerable.Range(0, 300).Select(number => new Row($"thing {number}", 0, null, Made)).ToList();
        await database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAllAsync(PutThing, rows);
                for (var round = 1; round <= 20; round++)
                {
                    await sql.ChangeEachAsync("UPDATE things SET size = size * 2 + @Size WHERE name = @Name", [.. rows.Select(row => row with { Size = round % 2 })]);
                    await sql.ChangeEachAsync("UPDATE things SET weight = size WHERE name = @Name", rows);
                }

                return true;
            },
            CancellationToken.None);

        Assert.Equal(300, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE size = weight AND size = @Size", new { Size = 699_050L }));
    }

    [Fact]
    public async Task Nothing_is_left_of_a_set_whose_unit_goes_wrong_after_it()
    {
        var units = await GroupAsync(2, index => async sql =>
        {
            await sql.ExecuteAllAsync(PutThing, [new Row($"one {index}", 1, null, Made), new Row($"two {index}", 2, null, Made)]);
            return index == 0 ? throw new TestFault(index) : index;
        });

        Assert.Equal([0], await FaultsAsync(units));
        await AddAsync("after");
        Assert.Equal(["after", "one 1", "two 1"], await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name FROM things ORDER BY name"), CancellationToken.None));
    }

    [Fact]
    public async Task A_set_that_is_written_aside_is_kept()
    {
        await database.WriteAsideAsync(sql => sql.ExecuteAllAsync(PutThing, [new Row("a", 1, null, Made), new Row("b", 2, null, Made)]), CancellationToken.None);

        Assert.Equal(2, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task A_set_goes_on_taking_rows_however_often_it_is_asked()
    {
        // A statement that a driver keeps behaves otherwise from its fifth run on.
        for (var round = 0; round < 20; round++)
        {
            var names = Enumerable.Range(0, 2 + (round % 3)).Select(number => new Row($"{round} {number}", null, null, Made)).ToList();

            var stored = await database.WriteAsync(sql => sql.QueryAllAsync(row => row.Text(0), AddThing, names), CancellationToken.None);

            Assert.Equal(names.Count, stored.Count);
            await PutAllAsync(PutThing, [.. names.Take(1 + (round % 3)).Select((row, index) => row with { Name = $"{row.Name} put", Size = round % 3 == 0 || (round + index) % 2 == 0 ? null : index })]);
        }

        Assert.Equal(Enumerable.Range(0, 20).Sum(round => 3 + (2 * (round % 3))), await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task Work_that_is_shared_is_done_once_for_all_who_wait_together()
    {
        var sizes = new List<int>();
        var work = new SharedWork<string, string>(async (sql, names) =>
        {
            sizes.Add(names.Count);
            var stored = await sql.QueryAllAsync(row => row.Text(0), AddThing, [.. names.Select(name => new Row(name, null, null, Made))]);
            return [.. names.Select(name => stored.Contains(name) ? name : "there")];
        });

        var (_, release) = await HoldAsync();
        var asked = Enumerable.Range(0, 50).Select(number => database.WriteAsync(work, $"thing {number % 40}", CancellationToken.None)).ToList();
        release();
        var answers = await Task.WhenAll(asked);

        Assert.Equal([50], sizes);
        Assert.Equal(Enumerable.Range(0, 40).Select(number => $"thing {number}"), answers.Take(40));
        Assert.Equal(40, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE name LIKE 'thing %'"));
    }

    [Fact]
    public async Task Of_work_that_is_shared_only_the_bad_part_fails()
    {
        var work = new SharedWork<string, int>(async (sql, names) =>
        {
            foreach (var name in names)
            {
                await sql.ExecuteAsync("INSERT INTO things (name) VALUES (@Name)", new { Name = name });
            }

            return [.. names.Select(name => name.Length)];
        });
        await AddAsync("there");

        var (_, release) = await HoldAsync();
        var asked = ((string[])["one", "there", "three"]).Select(name => database.WriteAsync(work, name, CancellationToken.None)).ToList();
        release();

        Assert.Equal(3, await asked[0]);
        await Assert.ThrowsAnyAsync<DbException>(() => asked[1]);
        Assert.Equal(5, await asked[2]);
        Assert.Equal(3, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE name <> 'held'"));
    }

    private Task<bool> PutAllAsync(string text, IReadOnlyCollection<Row> rows) => database.WriteAsync(
        async sql =>
        {
            await sql.ExecuteAllAsync(text, rows);
            return true;
        },
        CancellationToken.None);

    private Task<bool> ChangeEachAsync(IReadOnlyCollection<Row> rows, bool thenReads) => database.WriteAsync(
        async sql =>
        {
            await sql.ChangeEachAsync("UPDATE things SET size = COALESCE(size, 0) + 1 WHERE name = @Name", rows);
            return !thenReads || await sql.WholeAsync("SELECT COUNT(*) FROM things") > 0;
        },
        CancellationToken.None);

    /// <summary>A thing to store.</summary>
    private sealed record Row(string Name, int? Size, double? Weight, DateTimeOffset MadeAt);
}
