using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>What every engine promises to the stores. An engine is tested by inheriting this.</summary>
public abstract partial class StorageContract : IAsyncLifetime
{
    private ITestEngine engine = null!;
    private Database database = null!;

    public async Task InitializeAsync()
    {
        engine = NewEngine();
        database = engine.Open();
        await WriteAsync("CREATE TABLE things (id {{id}}, name TEXT UNIQUE, size BIGINT, weight DOUBLE PRECISION, made_at TEXT, body {{json}})");
    }

    public Task DisposeAsync() => engine.DisposeAsync().AsTask();

    [Fact]
    public async Task A_self_counting_key_grows_and_is_returned()
    {
        var first = await AddAsync("a");
        var second = await AddAsync("b");

        Assert.Equal(first + 1, second);
    }

    [Fact]
    public async Task A_given_key_is_kept_and_refuses_a_second_row()
    {
        await WriteAsync("CREATE TABLE placed (id {{key}}, name TEXT)");
        await WriteAsync("INSERT INTO placed (id, name) VALUES (@Id, @Name)", new { Id = 5_000_000_000L, Name = "far" });

        var again = WriteAsync("INSERT INTO placed (id, name) VALUES (@Id, @Name)", new { Id = 5_000_000_000L, Name = "again" });

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => again);
        Assert.Equal("far", await ReadAsync<string>("SELECT name FROM placed WHERE id = @Id", new { Id = 5_000_000_000L }));
    }

    [Fact]
    public async Task Rows_can_be_claimed_past_each_other()
    {
        await AddAsync("a");

        var claimed = await database.WriteAsync(
            sql => sql.FirstOrDefaultAsync<string>(
                "UPDATE things SET size = 1 WHERE id = (SELECT id FROM things WHERE size IS NULL ORDER BY id LIMIT 1 {{skip_locked}}) RETURNING name"),
            CancellationToken.None);

        Assert.Equal("a", claimed);
    }

    [Fact]
    public async Task A_conditional_update_returns_only_the_rows_it_changed()
    {
        await AddAsync("a");
        await AddAsync("b");

        var changed = await database.WriteAsync(
            sql => sql.QueryAsync<Thing>("UPDATE things SET size = 7 WHERE name = @Name RETURNING *", new { Name = "b" }), CancellationToken.None);

        Assert.Equal(("b", 7L), Assert.Single(changed) is { } thing ? (thing.Name, thing.Size) : default);
    }

    [Fact]
    public async Task An_upsert_adds_to_the_row_that_is_there()
    {
        const string upsert = "INSERT INTO things (name, size) VALUES (@Name, @Size) ON CONFLICT (name) DO UPDATE SET size = things.size + excluded.size";

        await WriteAsync(upsert, new { Name = "a", Size = 2L });
        await WriteAsync(upsert, new { Name = "a", Size = 3L });

        Assert.Equal(5, await ReadAsync<long>("SELECT size FROM things WHERE name = 'a'"));
    }

    [Fact]
    public async Task Values_come_back_as_they_went_in()
    {
        var made = new DateTimeOffset(2026, 1, 24, 12, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_234_567);
        await WriteAsync(
            "INSERT INTO things (name, size, weight, made_at, body) VALUES (@Name, @Size, @Weight, @MadeAt, @Body)",
            new { Name = "é\u2028\U0001F600 '--", Size = long.MinValue, Weight = 0.1 + 0.2, MadeAt = made, Body = """{"b":1,"a":2}""" });

        var thing = await ReadAsync<Thing>("SELECT * FROM things");

        Assert.Equal("é\u2028\U0001F600 '--", thing?.Name);
        Assert.Equal(long.MinValue, thing?.Size);
        Assert.Equal(0.1 + 0.2, thing?.Weight);
        Assert.Equal(Instant.Truncate(made), thing?.MadeAt);
        Assert.Equal(TimeSpan.Zero, thing?.MadeAt?.Offset);
        Assert.Equal("""{"b":1,"a":2}""", thing?.Body);
        Assert.Equal("2026-01-24T10:00:00.123456Z", await ReadAsync<string>("SELECT made_at FROM things"));
    }

    [Fact]
    public async Task Absent_values_come_back_as_null()
    {
        await WriteAsync(
            "INSERT INTO things (name, size, weight, made_at, body) VALUES (@Name, @Size, @Weight, @MadeAt, @Body)",
            new { Name = "a", Size = (long?)null, Weight = (double?)null, MadeAt = (DateTimeOffset?)null, Body = (string?)null });

        var thing = await ReadAsync<Thing>("SELECT * FROM things");

        Assert.Equal((null, null, null, null), (thing?.Size, thing?.Weight, thing?.MadeAt, thing?.Body));
        Assert.Null(await ReadAsync<long?>("SELECT size FROM things"));
        Assert.Null(await ReadAsync<Thing>("SELECT * FROM things WHERE name = 'nobody'"));
    }

    [Fact]
    public async Task An_optional_filter_passes_everything_when_it_is_null()
    {
        const string count = "SELECT COUNT(*) FROM things WHERE (@Name IS NULL OR name = @Name) AND (@Size IS NULL OR size = @Size)";
        await WriteAsync("INSERT INTO things (name, size) VALUES ('a', 1), ('b', 2)");

        Assert.Equal(2, await ReadAsync<long>(count, new { Name = (string?)null, Size = (long?)null }));
        Assert.Equal(1, await ReadAsync<long>(count, new { Name = "b", Size = (long?)null }));
        Assert.Equal(0, await ReadAsync<long>(count, new { Name = "b", Size = (long?)1 }));
        Assert.Equal(2, await ReadAsync<long>(count, new { Name = (string?)null, Size = (long?)null }));
    }

    [Fact]
    public async Task A_flag_is_a_number()
    {
        await WriteAsync("INSERT INTO things (name, size) VALUES (@Name, @Size)", new { Name = "yes", Size = true });
        await WriteAsync("INSERT INTO things (name, size) VALUES (@Name, @Size)", new { Name = "no", Size = false });

        Assert.Equal(["no", "yes"], await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name FROM things ORDER BY size"), CancellationToken.None));
        Assert.Equal(1, await ReadAsync<long>("SELECT size FROM things WHERE name = 'yes'"));
    }

    [Fact]
    public async Task One_text_takes_parameters_of_two_shapes()
    {
        const string insert = "INSERT INTO things (name, body) VALUES (@Name, @Body)";

        await database.WriteAsync(
            async sql =>
            {
                await sql.ExecuteAsync(insert, new { Name = "a", Body = "1" });
                await sql.ExecuteAsync(insert, new { Body = "2", Name = "b" });
                return await sql.ExecuteAsync(insert, new { Unused = 9L, Body = "3", Name = "c" });
            },
            CancellationToken.None);

        var bodies = await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name || body FROM things ORDER BY name"), CancellationToken.None);
        Assert.Equal(["a1", "b2", "c3"], bodies);
    }

    [Fact]
    public async Task Instants_sort_as_time()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        DateTimeOffset[] instants = [start.AddMicroseconds(10), start.AddMicroseconds(9), start.AddSeconds(-1), start.AddYears(100), start.AddYears(-1000)];
        foreach (var instant in instants)
        {
            await WriteAsync("INSERT INTO things (made_at) VALUES (@MadeAt)", new { MadeAt = instant });
        }

        var sorted = await database.ReadAsync(sql => sql.QueryAsync<DateTimeOffset>("SELECT made_at FROM things ORDER BY made_at"), CancellationToken.None);

        Assert.Equal(instants.Order(), sorted);
        Assert.Equal(2, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE made_at < @Start", new { Start = start }));
    }

    [Fact]
    public async Task A_reader_may_not_write_to_the_journal()
    {
        var reading = database.ReadAsync(
            sql =>
            {
                sql.Append(new Refinery.Kernel.Journal.EventDraft("x", new Refinery.Kernel.Journal.EventPayload()));
                return Task.FromResult(0);
            },
            CancellationToken.None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => reading);
    }

    private protected abstract ITestEngine NewEngine();

    private Task<int> WriteAsync(string text, object? parameters = null) =>
        database.WriteAsync(sql => sql.ExecuteAsync(text, parameters), CancellationToken.None);

    private Task<T?> ReadAsync<T>(string text, object? parameters = null) =>
        database.ReadAsync(sql => sql.FirstOrDefaultAsync<T>(text, parameters), CancellationToken.None);

    private Task<long> AddAsync(string name) => database.WriteAsync(sql => AddAsync(sql, name), CancellationToken.None);

    private static Task<long> AddAsync(SqlSession sql, string name) =>
        sql.FirstOrDefaultAsync<long>("INSERT INTO things (name) VALUES (@Name) RETURNING id", new { Name = name });

    /// <summary>A row of the contract's table.</summary>
    private sealed record Thing
    {
        public required long Id { get; init; }
        public required string Name { get; init; }
        public long? Size { get; init; }
        public double? Weight { get; init; }
        public DateTimeOffset? MadeAt { get; init; }
        public string? Body { get; init; }
    }
}
