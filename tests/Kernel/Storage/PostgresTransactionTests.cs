using Npgsql;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>What a group costs on a server elsewhere, and what goes wrong at its two ends.</summary>
public sealed class PostgresTransactionTests
{
    private const string AddThing = "INSERT INTO things (name) VALUES (@Name)";

    [Fact]
    public async Task Begin_turn_and_commit_go_along_with_what_is_asked_and_told()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        var (session, before) = await database.WriteAsync(
            async sql =>
            {
                var ways = sql.Transaction.Ways;
                await sql.WholeAsync("SELECT COUNT(*) FROM things");
                await sql.ExecuteAllAsync(AddThing, [new { Name = "a" }, new { Name = "b" }]);
                await sql.ChangeEachAsync("UPDATE things SET size = 1 WHERE name = @Name", [new { Name = "b" }]);
                return (sql, ways);
            },
            CancellationToken.None);

        Assert.Equal(2, session.Transaction.Ways - before);
        Assert.Equal(1, await CountAsync(database, "WHERE size = 1"));
    }

    [Fact]
    public async Task What_the_server_refuses_at_the_commit_harms_only_its_unit()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        await WriteAsync(database, "INSERT INTO things (name, size) VALUES ('there', 7)");
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = database.WriteAsync(
            async sql =>
            {
                await released.Task;
                return await sql.ExecuteAsync(AddThing, new { Name = "first" });
            },
            CancellationToken.None);
        var bad = WriteAsync(database, "INSERT INTO things (name, size) VALUES ('same size', 7)");
        var good = WriteAsync(database, "INSERT INTO things (name, size) VALUES ('good', 8)");
        released.SetResult();

        await Task.WhenAll(first, good);
        Assert.Equal(PostgresErrorCodes.UniqueViolation, (await Assert.ThrowsAsync<PostgresException>(() => bad)).SqlState);
        Assert.Equal(3, await CountAsync(database));
    }

    [Fact]
    public async Task A_turn_that_does_not_come_fails_all_who_wait_at_once_and_the_next_goes_on()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        var text = engine.ConnectionString + ";Options=-c lock_timeout=1s";
        await using var impatient = new Database(NpgsqlDataSource.Create(text), SqlDialect.Postgres);
        await using var source = NpgsqlDataSource.Create(engine.ConnectionString + ";Pooling=false");
        await using (var other = await source.OpenConnectionAsync())
        {
            await using var hold = new NpgsqlCommand("SELECT pg_advisory_lock(hashtext('refinery'))", other);
            await hold.ExecuteNonQueryAsync();
            var runs = 0;
            var units = Enumerable.Range(0, 5).Select(number => impatient.WriteAsync(
                sql =>
                {
                    Interlocked.Increment(ref runs);
                    return sql.ExecuteAsync(AddThing, new { Name = $"{number}" });
                },
                CancellationToken.None)).ToList();

            foreach (var unit in units)
            {
                await Assert.ThrowsAsync<DatabaseUnavailableException>(() => unit);
            }

            // The units of a group fail with its first: none waits for the turn again by itself.
            Assert.InRange(runs, 1, 2);
        }

        await impatient.WriteAsync(sql => sql.ExecuteAsync(AddThing, new { Name = "after" }), CancellationToken.None);
        Assert.Equal(1, await CountAsync(database));
    }

    [Fact]
    public async Task Who_loses_the_connection_in_the_commit_is_told_so_and_nothing_is_run_again()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        await WriteAsync(database, """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER cuts AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.name = 'cut') EXECUTE FUNCTION cut()
            """);
        var runs = 0;
        var cut = database.WriteAsync(
            sql =>
            {
                runs++;
                return sql.ExecuteAsync(AddThing, new { Name = "cut" });
            },
            CancellationToken.None);

        var told = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => cut);

        Assert.Contains("look whether this was stored", told.Message, StringComparison.Ordinal);
        Assert.Equal(1, runs);
        await WriteAsync(database, "INSERT INTO things (name) VALUES ('after')");
        Assert.Equal(1, await CountAsync(database));
    }

    [Fact]
    public async Task Who_loses_the_connection_before_the_commit_is_run_again_and_once()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        var runs = 0;

        await database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAsync(AddThing, new { Name = $"run {++runs}" });
                return runs > 1 ? 0 : await sql.WholeAsync("SELECT pg_terminate_backend(pg_backend_pid())::int");
            },
            CancellationToken.None);

        Assert.Equal(1, await CountAsync(database));
        Assert.Equal(1, await CountAsync(database, "WHERE name = 'run 2'"));
    }

    [Theory]
    [InlineData("at first")]
    [InlineData("later")]
    [InlineData("by name")]
    [InlineData("of two")]
    public async Task A_unit_that_hides_a_fault_of_its_own_is_not_kept(string how)
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        var hiding = database.WriteAsync(
            async sql =>
            {
                _ = how == "at first" ? 0 : await sql.ExecuteAsync(AddThing, new { Name = "hidden" });
                const string wrong = "SELECT 1 / (SELECT COUNT(*) FROM things WHERE name = 'nobody')";
                Task failing = how switch
                {
                    "by name" => sql.QueryAsync<long>(wrong),
                    "of two" => sql.ExecuteAsync($"{wrong}; {wrong}"),
                    _ => sql.WholeAsync(wrong),
                };
                await failing.ContinueWith(_ => { }, TaskScheduler.Default);
                return true;
            },
            CancellationToken.None);

        Assert.Equal(PostgresErrorCodes.DivisionByZero, (await Assert.ThrowsAsync<PostgresException>(() => hiding)).SqlState);
        await WriteAsync(database, "INSERT INTO things (name) VALUES ('after')");
        Assert.Equal(1, await CountAsync(database));
    }

    [Fact]
    public async Task A_value_that_cannot_be_sent_harms_only_its_unit()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        for (var round = 0; round < 10; round++)
        {
            var broken = database.WriteAsync(sql => sql.ExecuteAsync(AddThing, new { Name = "half a pair \ud800" }), CancellationToken.None);
            await Assert.ThrowsAnyAsync<Exception>(() => broken);
            await database.WriteAsync(sql => sql.ExecuteAsync(AddThing, new { Name = $"{round}" }), CancellationToken.None);
        }

        Assert.Equal(10, await CountAsync(database));
    }

    [Fact]
    public async Task The_plan_of_a_small_set_is_kept()
    {
        await using var engine = new PostgresEngine();
        var database = await OpenAsync(engine);
        await WriteAsync(database, "INSERT INTO things (name) SELECT number::text FROM generate_series(1, 2000) AS number");
        for (var round = 1; round <= 40; round++)
        {
            await database.WriteAsync(
                async sql =>
                {
                    var rows = Enumerable.Range(1, 1 + (round % 3)).Select(number => new { Name = $"{number}" }).ToList();
                    await sql.ChangeEachAsync("UPDATE things SET size = NULL WHERE name = @Name", rows);
                    return await sql.QueryAllAsync(row => row.Text(0), "SELECT name FROM things WHERE name = @Name", rows);
                },
                CancellationToken.None);
        }

        var kept = await database.WriteAsync(
            sql => sql.QueryAsync<bool>("SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement LIKE '%unnest%' AND statement LIKE '%things%'"), CancellationToken.None);
        Assert.Equal([true, true], kept);
    }

    private static async Task<Database> OpenAsync(PostgresEngine engine)
    {
        var database = engine.Open();
        await WriteAsync(database, "CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        return database;
    }

    private static Task<int> WriteAsync(Database database, string text) => database.WriteAsync(sql => sql.ExecuteAsync(text), CancellationToken.None);

    private static Task<long?> CountAsync(Database database, string where = "") =>
        database.ReadAsync(sql => sql.WholeAsync($"SELECT COUNT(*) FROM things {where}"), CancellationToken.None);
}
