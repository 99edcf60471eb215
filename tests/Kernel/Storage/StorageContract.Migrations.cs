using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>Schema texts run once, in order, and never change afterwards.</summary>
public abstract partial class StorageContract
{
    private static readonly Migration First = new("Test/001_first", "CREATE TABLE first (id {{id}}); CREATE INDEX first_by_id ON first (id);");
    private static readonly Migration Second = new("Test/002_second", "CREATE TABLE second (id {{key}}, body {{json}})");

    [Fact]
    public async Task A_schema_text_runs_once()
    {
        Assert.Equal(1, await MigrateAsync(database, First));
        Assert.Equal(1, await MigrateAsync(database, First, Second));
        Assert.Equal(0, await MigrateAsync(database, First, Second));
        Assert.Equal(0, await ReadAsync<long>("SELECT COUNT(*) FROM second"));
    }

    [Fact]
    public async Task A_schema_text_that_changed_after_it_ran_is_refused_by_name_and_nothing_runs()
    {
        await MigrateAsync(database, First);

        var changed = MigrateAsync(database, Second, First with { Sql = "CREATE TABLE other (id {{id}})" });

        Assert.Contains("Test/001_first", (await Assert.ThrowsAsync<InvalidOperationException>(() => changed)).Message, StringComparison.Ordinal);
        Assert.Equal(1, await MigrateAsync(database, Second));
    }

    [Fact]
    public async Task A_schema_text_that_fails_leaves_nothing_behind()
    {
        var failing = MigrateAsync(database, First, new Migration("Test/002_bad", "CREATE TABLE half (id {{id}}); CREATE TABLE half (id {{id}});"));

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => failing);
        Assert.Equal(2, await MigrateAsync(database, First, Second));
    }

    [Fact]
    public async Task Of_two_hosts_that_start_at_once_one_migrates_and_the_other_finds_nothing_to_do()
    {
        var other = engine.Open();

        var applied = await Task.WhenAll(
            Task.Run(() => MigrateAsync(database, First, Second)), Task.Run(() => MigrateAsync(other, First, Second)));

        Assert.Equal([0, 2], applied.Order());
    }

    /// <remarks>The server of the tests was made in English, and would put them as a dictionary does.</remarks>
    [Fact]
    public async Task Texts_sort_by_their_bytes()
    {
        string[] names = ["A", "B", "Z", "_", "a", "a b", "a-b", "ab", "é"];
        await MigrateAsync(database, new Migration("Test/001_sorted", "CREATE TABLE sorted (name TEXT NOT NULL PRIMARY KEY)"));
        foreach (var name in names.Reverse())
        {
            await WriteAsync("INSERT INTO sorted (name) VALUES (@Name)", new { Name = name });
        }

        Assert.Equal(names, await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name FROM sorted ORDER BY name"), CancellationToken.None));
        Assert.Equal(["ab", "é"], await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name FROM sorted WHERE name > @After ORDER BY name", new { After = "a-b" }), CancellationToken.None));
    }

    [Fact]
    public async Task The_kernels_own_schema_is_embedded_and_runs()
    {
        Assert.InRange(await Migrations.RunAsync(database, [typeof(Database).Assembly], CancellationToken.None), 1, 100);
        Assert.Equal(0, await Migrations.RunAsync(database, [typeof(Database).Assembly], CancellationToken.None));
        Assert.Equal(0, await ReadAsync<long>("SELECT COUNT(*) FROM events"));
    }

    private static Task<int> MigrateAsync(Database database, params Migration[] scripts) =>
        database.WriteAsync(sql => MigrationStore.ApplyAsync(sql, scripts), CancellationToken.None);
}
