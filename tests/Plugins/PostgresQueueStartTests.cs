using Npgsql;
using Refinery.Contract;
using Refinery.Host.Plugins;
using Refinery.PostgresQueue;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Plugins;

/// <summary>What the queue in Postgres says of its settings, and what it needs of the server.</summary>
public sealed class PostgresQueueStartTests : IAsyncLifetime
{
    private readonly QueueDatabase database = new(PostgresServer.Trusting);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => database.DisposeAsync();

    [Fact]
    public void It_is_delivered_with_the_host_and_has_a_driver_of_its_own()
    {
        var plugin = new PluginHost(Paths.HostPlugins).LoadQueue("postgres", kafkaEnabled: false);

        Assert.Equal("postgres", plugin.Name);
        Assert.True(File.Exists(Path.Combine(Paths.HostPlugins, "postgres", "Npgsql.dll")));
    }

    [Theory]
    [InlineData(null, null, "QUEUE_BACKEND is postgres, but POSTGRES_DSN is not set; the server's address is expected, for example postgres://user@host:5432/database.")]
    [InlineData("", null, "QUEUE_BACKEND is postgres, but POSTGRES_DSN is not set; the server's address is expected, for example postgres://user@host:5432/database.")]
    [InlineData("mysql://ada:hunter2@h/books", null, "POSTGRES_DSN cannot be read: its scheme is another; postgres:// or postgresql:// is expected.")]
    [InlineData("dbname=books password=hunter2", null, "POSTGRES_DSN cannot be read: it names no host; postgres://user@host/database is expected.")]
    [InlineData("Host=h;Colour=hunter2", null, "POSTGRES_DSN cannot be read: a keyword or value in it is not one that the driver takes; postgres://user@host/database is expected.")]
    [InlineData("Host=h;Port=hunter2", null, "POSTGRES_DSN cannot be read: a keyword or value in it is not one that the driver takes; postgres://user@host/database is expected.")]
    [InlineData("postgres://h/books", "steps;", "QUEUE_TABLE is 'steps;'; a table's name is expected: 1 to 50 letters, digits and underscores.")]
    [InlineData("postgres://h/books", "schema.steps", "QUEUE_TABLE is 'schema.steps'; a table's name is expected: 1 to 50 letters, digits and underscores.")]
    [InlineData("postgres://h/books", "größe", "QUEUE_TABLE is 'größe'; a table's name is expected: 1 to 50 letters, digits and underscores.")]
    [InlineData("postgres://h/books", "steps\n", "QUEUE_TABLE is 'steps\n'; a table's name is expected: 1 to 50 letters, digits and underscores.")]
    [InlineData("postgres://h/books", "a23456789012345678901234567890123456789012345678901", "QUEUE_TABLE is 'a23456789012345678901234567890123456789012345678901'; a table's name is expected: 1 to 50 letters, digits and underscores.")]
    public async Task A_setting_that_is_wrong_is_told_in_a_sentence_without_a_password(string? dsn, string? table, string expected)
    {
        var fault = await RefusedAsync(dsn, table);

        Assert.Equal(expected, fault.Message);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_or_a_database_that_the_server_does_not_know_is_told_in_its_words()
    {
        var known = new NpgsqlConnectionStringBuilder(database.Dsn);

        Assert.Equal(
            "The queue's table 'refinery_queue' cannot be used in the Postgres of POSTGRES_DSN, which says: role \"nobody\" does not exist.",
            (await RefusedAsync($"postgres://nobody:hunter2@{known.Host}:{known.Port}/{known.Database}")).Message);
        Assert.Equal(
            "The queue's table 'refinery_queue' cannot be used in the Postgres of POSTGRES_DSN, which says: database \"nowhere\" does not exist.",
            (await RefusedAsync($"postgres://postgres@{known.Host}:{known.Port}/nowhere")).Message);
    }

    [Fact]
    public async Task A_table_of_something_else_is_refused_and_left_alone()
    {
        await database.RunAsync("CREATE TABLE steps (step_id TEXT)");
        await database.RunAsync("INSERT INTO steps VALUES ('precious')");

        Assert.Equal(
            "The queue's table 'steps' cannot be used in the Postgres of POSTGRES_DSN, which says: column \"type\" does not exist.",
            (await RefusedAsync(database.Dsn, "steps")).Message);
        Assert.Equal("precious", await database.AskAsync<string>("SELECT step_id FROM steps"));
    }

    [Fact]
    public async Task Who_may_not_make_a_table_uses_one_that_is_there()
    {
        var user = $"guest_{Guid.NewGuid():N}";
        var dsn = new NpgsqlConnectionStringBuilder(database.Dsn) { Username = user }.ConnectionString;
        await database.RunAsync($"CREATE ROLE {user} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        try
        {
            Assert.Equal(
                "The queue's table 'refinery_queue' cannot be used in the Postgres of POSTGRES_DSN, which says: permission denied for schema public.",
                (await RefusedAsync(dsn)).Message);

            await database.OpenAsync();
            await database.RunAsync($"GRANT SELECT, INSERT, UPDATE, DELETE ON refinery_queue TO {user}");
            await AssertWorksAsync(dsn);
        }
        finally
        {
            await database.RunAsync($"DROP OWNED BY {user}");
            await database.RunAsync($"DROP ROLE {user}");
        }
    }

    [Fact]
    public async Task A_database_that_is_copied_elsewhere_as_it_changes_gives_its_items()
    {
        // Whatever publishes all tables refuses deletes from one that names no identity.
        await database.RunAsync("CREATE PUBLICATION everything FOR ALL TABLES");

        await AssertWorksAsync(database.Dsn);
    }

    [Theory]
    [InlineData("Queue_2")]
    [InlineData("2")]
    [InlineData("select")]
    [InlineData("a2345678901234567890123456789012345678901234567890")]
    public async Task Any_name_of_letters_digits_and_underscores_is_a_table(string table)
    {
        await AssertWorksAsync(database.Dsn, table);

        Assert.Equal(0, await database.AskAsync<long>($"SELECT COUNT(*) FROM \"{table}\""));
    }

    [Fact]
    public async Task A_server_given_as_people_write_it_is_reached()
    {
        var known = new NpgsqlConnectionStringBuilder(database.Dsn);

        await AssertWorksAsync($"postgres://postgres:a%40b@{known.Host}:{known.Port}/{known.Database}?application_name=mine");
        await AssertWorksAsync($"host={known.Host} port={known.Port} user=postgres dbname={known.Database}");
        await AssertWorksAsync($"postgres://postgres@127.0.0.1:1,{known.Host}:{known.Port}/{known.Database}");
    }

    private async Task<PluginException> RefusedAsync(string? dsn, string? table = null) => await Assert.ThrowsAsync<PluginException>(
        () => new PostgresQueuePlugin().OpenAsync(database.Context(("POSTGRES_DSN", dsn), ("QUEUE_TABLE", table)), CancellationToken.None));

    private async Task AssertWorksAsync(string dsn, string? table = null)
    {
        await using var queue = await new PostgresQueuePlugin { Patience = TimeSpan.FromSeconds(60) }.OpenAsync(
            database.Context(("POSTGRES_DSN", dsn), ("QUEUE_TABLE", table)), CancellationToken.None);
        await queue.EnqueueAsync(QueueFolder.Items(2), CancellationToken.None);
        var waiting = queue.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None);

        Assert.Equal("step-0", Assert.Single(await waiting).StepId);
        Assert.Equal(1, await queue.ClearAsync(CancellationToken.None));
        Assert.Empty(database.Log.Warnings);
    }
}
