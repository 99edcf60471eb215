using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Refinery.Host;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Tests.Chaos;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Host;

/// <summary>A host that keeps its books in Postgres: where they are, what is said of them, and what a lost connection costs.</summary>
public sealed class PostgresHostTests : IDisposable
{
    /// <summary>What is promised to who asks while the database is away; a machine that runs everything else at once is given longer.</summary>
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(Chance.IsLong ? 2 : 10);

    private readonly TemporaryFolder books = new();

    public void Dispose() => books.Dispose();

    [Theory]
    [InlineData("POSTGRES_DSN")]
    [InlineData("LEVIATHAN_POSTGRES_URL")]
    public async Task The_books_are_in_the_database_and_nothing_of_them_in_the_folder(string setting)
    {
        var given = new NpgsqlConnectionStringBuilder(PostgresEngine.ConnectionStringOf(books));
        var password = given.Password ?? "hunter2";
        var url = $"postgres://{given.Username}:{password}@{given.Host}:{given.Port}/{given.Database}";
        await using (var first = await StartAsync(setting, url))
        {
            await first.PostAsync("/api/queue/enqueue", new { package = "kept" });
            Assert.NotEqual(0, await first.Services.GetRequiredService<Database>().ReadAsync(
                sql => sql.FirstOrDefaultAsync<long>("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'refinery'"),
                CancellationToken.None));
            Assert.False(File.Exists(Path.Combine(first.DataDirectory, "refinery.db")));
            Assert.False(File.Exists(Path.Combine(first.DataDirectory, "journal.ndjson")));
        }

        await using var second = await StartAsync(setting, url);

        Assert.Equal(1, (await second.GetAsync("/api/queue/stats")).GetProperty("length").GetInt64());
        var config = await second.GetAsync("/api/config");
        Assert.Equal($$"""{"kind":"postgres","host":"{{given.Host}}","database":"{{given.Database}}"}""", config.GetProperty("db").GetRawText());
        Assert.DoesNotContain(password, config.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_and_no_password_is()
    {
        var fault = await Assert.ThrowsAsync<StartupException>(() => StartAsync("POSTGRES_DSN", "postgres://bob:hunter2@127.0.0.1:1/books"));

        Assert.StartsWith("The database 'books' on '127.0.0.1' (POSTGRES_DSN) cannot be opened: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_server_is_away_calls_are_told_to_come_back_and_all_goes_on_when_it_is_there_again()
    {
        using var server = PostgresServer.StartOwn();
        await using var host = await StartAsync("POSTGRES_DSN", server.ConnectionString("postgres"));
        var stepId = (await host.PostAsync("/submit", new { type = "note", args = new { } })).GetProperty("step_id").GetString();

        server.Stop();
        await AssertAwayAsync(host, stepId, "The database cannot be reached; try again shortly.");
        server.Start();

        await AssertBackAsync(host, stepId);
    }

    [Fact]
    public async Task A_server_that_answers_nobody_keeps_nobody_waiting()
    {
        using var server = PostgresServer.StartOwn();
        await using var host = await StartAsync("POSTGRES_DSN", server.ConnectionString("postgres"));
        var stepId = (await host.PostAsync("/submit", new { type = "note", args = new { } })).GetProperty("step_id").GetString();

        server.Freeze();
        await AssertAwayAsync(host, stepId, "The database does not answer");
        server.Thaw();

        await AssertBackAsync(host, stepId);
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_costs_its_caller_alone()
    {
        await using var host = await StartAsync("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books) + ";Command Timeout=1");
        var stepId = (await host.PostAsync("/submit", new { type = "note", args = new { } })).GetProperty("step_id").GetString();
        await using var source = NpgsqlDataSource.Create(PostgresEngine.ConnectionStringOf(books));
        await using (var connection = await source.OpenConnectionAsync())
        {
            await using var holding = await connection.BeginTransactionAsync();
            await using var held = new NpgsqlCommand("LOCK TABLE steps IN ACCESS EXCLUSIVE MODE", connection, holding);
            await held.ExecuteNonQueryAsync();

            foreach (var asked in new[] { host.Http.GetAsync($"/status/{stepId}"), host.Http.PostAsJsonAsync("/submit", new { type = "note", args = new { } }) })
            {
                using var answer = await asked;
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.NotNull(answer.Headers.RetryAfter);
            }

            await host.GetAsync("/api/hints");
        }

        await AssertBackAsync(host, stepId);
    }

    [Theory]
    [InlineData("file", "postgres", "Another host serves this database with a queue of its own; stop it, or give both the same QUEUE_BACKEND.")]
    [InlineData("file", "file", "QUEUE_BACKEND 'file' belongs to one host, and another serves this database already; a queue that hosts share is expected, such as postgres.")]
    [InlineData("postgres", "file", "QUEUE_BACKEND 'file' belongs to one host, and another serves this database already; a queue that hosts share is expected, such as postgres.")]
    public async Task A_queue_of_one_host_is_not_hidden_from_a_second(string first, string second, string sentence)
    {
        await using var host = await StartAsync("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books), first);

        Assert.Equal(sentence, (await Assert.ThrowsAsync<StartupException>(() => StartAsync("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books), second))).Message);
        await host.PostAsync("/submit", new { type = "note", args = new { } });
    }

    [Fact]
    public async Task Connections_that_are_cut_off_again_and_again_lose_nothing_that_was_accepted()
    {
        await using var host = await StartAsync("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books));
        using var stop = new CancellationTokenSource();
        var cutting = CutAsync(stop.Token);

        var accepted = (await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => SubmitAsync(host, caller, 40)))).SelectMany(ids => ids).ToList();
        await stop.CancelAsync();
        var cuts = await cutting;

        Assert.True(cuts > 0);
        Assert.NotEmpty(accepted);
        Assert.Equal(accepted.Count, accepted.Distinct(StringComparer.Ordinal).Count());
        foreach (var stepId in accepted)
        {
            Assert.Equal(JsonValueKind.Object, (await host.GetAsync($"/api/steps/{stepId}")).ValueKind);
        }

        Assert.True((await host.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None)).Valid);
        Assert.Equal("ready", (await host.GetAsync("/api/ready")).GetProperty("status").GetString());
    }

    private static Task<RefineryHost> StartAsync(string setting, string value, string queue = "file") => RefineryHost.StartAsync(
        ("POSTGRES_DSN", string.Empty), ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"), ("QUEUE_BACKEND", queue), (setting, value));

    private static async Task<(HttpResponseMessage Answer, TimeSpan Took)> TimedAsync(Task<HttpResponseMessage> asked)
    {
        var began = TimeProvider.System.GetTimestamp();
        return (await asked, TimeProvider.System.GetElapsedTime(began));
    }

    /// <summary>Reads and writes that come at once are told to come back; the process lives and is not ready.</summary>
    private static async Task AssertAwayAsync(RefineryHost host, string? stepId, string sentence)
    {
        var answers = await Task.WhenAll(
            TimedAsync(host.Http.GetAsync("/api/steps/" + stepId)),
            TimedAsync(host.Http.GetAsync("/builds")),
            TimedAsync(host.Http.GetAsync("/api/recent")),
            TimedAsync(host.Http.PostAsJsonAsync("/submit", new { type = "note", args = new { } })),
            TimedAsync(host.Http.PostAsJsonAsync("/api/queue/enqueue", new { package = "numpy" })),
            TimedAsync(host.Http.PostAsJsonAsync("/api/steps/claim", new { pod_id = "pod", kinds = new[] { "note" } })));
        foreach (var (answer, took) in answers)
        {
            Assert.InRange(took, TimeSpan.Zero, Away);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Contains(sentence, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var lives = await host.Http.GetAsync("/healthz");
        using var ready = await host.Http.GetAsync("/api/ready");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (lives.StatusCode, ready.StatusCode));
    }

    /// <summary>The host goes on by itself, with what it had.</summary>
    private static async Task AssertBackAsync(RefineryHost host, string? stepId)
    {
        await Wait.UntilAsync(async () => (await host.Http.GetAsync("/api/ready")).IsSuccessStatusCode);
        Assert.Equal("pending", (await host.GetAsync($"/api/steps/{stepId}")).GetProperty("status").GetString());
        await host.PostAsync("/submit", new { type = "note", args = new { } });
        Assert.True((await host.Services.GetRequiredService<EventJournal>().VerifyAsync(CancellationToken.None)).Valid);
    }

    /// <summary>The steps that were accepted; what was not is told in a sentence.</summary>
    private static async Task<List<string>> SubmitAsync(RefineryHost host, int caller, int count)
    {
        var accepted = new List<string>();
        for (var number = 0; number < count; number++)
        {
            using var content = new StringContent($$$"""{"type":"note","args":{"caller":{{{caller}}},"number":{{{number}}}}}""", null, "application/json");
            using var response = await host.Http.PostAsync("/submit", content);
            var text = await response.Content.ReadAsStringAsync();
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Assert.NotNull(response.Headers.RetryAfter);
                continue;
            }

            Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
            accepted.Add(JsonDocument.Parse(text).RootElement.GetProperty("step_id").GetString()!);
        }

        return accepted;
    }

    /// <summary>Ends every connection of the host, over and over.</summary>
    private async Task<int> CutAsync(CancellationToken stop)
    {
        await using var source = NpgsqlDataSource.Create(PostgresEngine.ConnectionStringOf(books));
        var cuts = 0;
        while (!stop.IsCancellationRequested)
        {
            await using var command = source.CreateCommand(
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            cuts += (int)(long)(await command.ExecuteScalarAsync(CancellationToken.None))!;
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System, stop));
        }

        return cuts;
    }
}
