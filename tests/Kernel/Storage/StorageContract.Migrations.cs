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
