using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

public abstract partial class StorageContract
{
    private const string AddThing = "INSERT INTO things (name, size, weight, made_at) VALUES (@Name, COALESCE(@Size, 7), @Weight, @MadeAt) ON CONFLICT DO NOTHING RETURNING name";

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
        var changed = await database.WriteAsync(sql => sql.ExecuteAllAsync("UPDATE things SET size = @Size, made_at = @MadeAt WHERE name = @Name AND size IS NULL", rows), CancellationToken.None);
        var found = await database.ReadAsync(sql => sql.QueryAllAsync(row => (row.Text(0), row.Whole(1)), "SELECT name, size FROM things WHERE name = @Name", rows), CancellationToken.None);
        var removed = await database.WriteAsync(sql => sql.ExecuteAllAsync("DELETE FROM things WHERE name = @Name", rows), CancellationToken.None);

        Assert.Equal((2, 2), (changed, removed));
        Assert.Equal([("a", 1L), ("c", 3L)], found.Order());
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
        }
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
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => asked[1]);
        Assert.Equal(5, await asked[2]);
        Assert.Equal(3, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE name <> 'held'"));
    }

    /// <summary>A thing to store.</summary>
    private sealed record Row(string Name, int? Size, double? Weight, DateTimeOffset MadeAt);
}
