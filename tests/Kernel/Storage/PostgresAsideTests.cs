using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>Units that are written beside the groups.</summary>
public sealed class PostgresAsideTests
{
    [Fact]
    public async Task It_is_kept_whole_and_needs_no_turn()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);

        // A group of another host's holds the turn meanwhile.
        await engine.Open().WriteAsync(
            async sql =>
            {
                await sql.ExecuteAsync("INSERT INTO notes (number) VALUES (1)");
                await database.WriteAsideAsync(aside => aside.ExecuteAsync("INSERT INTO notes (number) VALUES (2), (3)"), CancellationToken.None);
                return true;
            },
            CancellationToken.None);

        Assert.Equal(3, await CountAsync(database));
    }

    [Fact]
    public async Task Of_one_that_fails_nothing_is_kept_and_the_next_goes_on()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsideAsync(
            async sql =>
            {
                await sql.ExecuteAsync("INSERT INTO notes (number) VALUES (1)");
                sql.Append(new EventDraft("note", new EventPayload()));
            },
            CancellationToken.None));
        await database.WriteAsideAsync(sql => sql.ExecuteAsync("INSERT INTO notes (number) VALUES (2)"), CancellationToken.None);

        Assert.Equal(1, await CountAsync(database));
    }

    private static async Task<Database> OpenAsync(PostgresEngine engine)
    {
        var database = engine.Open();
        await database.WriteAsync(sql => sql.ExecuteAsync("CREATE TABLE notes (number BIGINT PRIMARY KEY)"), CancellationToken.None);
        return database;
    }

    private static Task<long?> CountAsync(Database database) => database.ReadAsync(sql => sql.WholeAsync("SELECT COUNT(*) FROM notes"), CancellationToken.None);
}
