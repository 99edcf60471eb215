using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Refinery.Kernel.Work;
using Refinery.Logs;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Logs;

/// <summary>A log that one host writes is followed at another while it is written.</summary>
public sealed class LiveElsewhereTests
{
    private const string Follow = "/api/logs/stream/numpy/1.0?follow=1";

    [Fact]
    public async Task Lines_that_arrive_at_one_are_seen_at_the_other_while_they_come_and_so_is_the_end()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        using var sender = new LiveSender("text/plain");
        var sending = shared.All[0].Http.PostAsync("/api/logs/stream/numpy/1.0", sender);
        await sender.SendAsync("line 1\n");
        await using var follower = await Follower.OpenAsync(shared.All[1], Follow);
        var ids = new List<string?>();
        for (var number = 1; number <= 30; number++)
        {
            var seen = await follower.NextAsync();
            Assert.Equal(("line", number, $"line {number}"), (seen.Name, seen.Data.GetProperty("number").GetInt32(), seen.Data.GetProperty("line").GetString()));
            ids.Add(seen.Id);
            await sender.SendAsync($"line {number + 1}{(number < 30 ? "\n" : string.Empty)}");
        }

        sender.Complete();
        using var answer = await sending;
        var (last, end) = (await follower.NextAsync(), await follower.NextAsync());

        Assert.Equal(("line 31", "end", 31), (last.Data.GetProperty("line").GetString(), end.Name, end.Data.GetProperty("lines").GetInt32()));
        Assert.Null(await follower.TryNextAsync());
        Assert.Equal(Enumerable.Range(1, 30).Select(number => $":{number}"), ids.Select(id => id![id!.LastIndexOf(':')..]));
        Assert.Single(ids.Select(id => id![..id!.LastIndexOf(':')]).Distinct(StringComparer.Ordinal));
        await Wait.UntilAsync(async () => await shared.CountAsync("SELECT COUNT(*) FROM live_logs") + await shared.CountAsync("SELECT COUNT(*) FROM live_log_pieces") == 0);
    }

    [Fact]
    public async Task A_reader_goes_on_at_the_other_host_and_back_and_misses_and_repeats_nothing()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var log = SharedHosts.Open(shared.All[0]);
        var seen = new List<string>();
        string? last = null;
        for (var visit = 0; visit < 6; visit++)
        {
            for (var line = 1; line <= 200; line++)
            {
                await log.WriteLineAsync($"line {(visit * 200) + line} {new string('x', 2000)}");
            }

            await using var follower = await Follower.OpenAsync(shared.All[visit % 2], Follow, last);
            for (var line = 0; line < 150; line++)
            {
                last = (await follower.NextAsync()).Record(seen);
            }
        }

        var ending = log.CompleteAsync(CancellationToken.None);
        await using var rest = await Follower.OpenAsync(shared.All[1], Follow, last);
        while (await rest.NextAsync() is { Name: "line" } line)
        {
            line.Record(seen);
        }

        await ending;
        Assert.Equal(Enumerable.Range(1, 1200).Select(number => $"line {number}"), seen.Select(line => line[..line.LastIndexOf(' ')]));
    }

    [Fact]
    public async Task The_end_of_a_steps_log_is_read_at_the_other_host()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        await using var log = SharedHosts.Open(shared.All[0], attempt: 2, stepId: "step-1");
        await using var another = SharedHosts.Open(shared.All[0], attempt: 2, stepId: "step-2");
        await another.WriteLineAsync("of another step");
        for (var line = 1; line <= 5000; line++)
        {
            await log.WriteLineAsync($"line {line} {new string('x', 100)}");
        }

        var texts = shared.All[1].Services.GetRequiredService<ILogTexts>();
        Task<string?> EndAsync(string stepId, int lines) =>
            texts.ReadEndAsync(new LogKey("numpy", "1.0", Attempt: 2, StepId: stepId), sha256: null, lines, CancellationToken.None);
        await Wait.UntilAsync(async () => (await EndAsync("step-1", 1))?.StartsWith("line 5000 ", StringComparison.Ordinal) == true);

        var tail = (await EndAsync("step-1", 1000))!.TrimEnd('\n').Split('\n');
        Assert.Equal(Enumerable.Range(4001, 1000).Select(number => $"line {number} {new string('x', 100)}").ToArray(), tail);
        Assert.Equal("of another step\n", await EndAsync("step-2", 10));
        Assert.Null(await EndAsync("step-3", 10));
    }

    [Fact]
    public async Task A_log_whose_host_was_killed_is_shown_as_far_as_it_came_and_followed_on_when_the_host_is_back()
    {
        using var folder = new TemporaryFolder();
        await using var shared = await SharedHosts.StartAsync(1);
        var dying = await shared.AddAsync(folder);
        var log = SharedHosts.Open(dying);
        await log.WriteLineAsync("one");
        await log.WriteLineAsync("two");
        await using var follower = await Follower.OpenAsync(shared.All[0], Follow);
        await follower.NextAsync();
        var second = await follower.NextAsync();

        // Nobody completes the log: its file is what a killed process leaves.
        await shared.KillAsync(dying);
        await using (var late = await Follower.OpenAsync(shared.All[0], Follow))
        {
            Assert.Equal("one", (await late.NextAsync()).Data.GetProperty("line").GetString());
        }

        await shared.AddAsync(folder);

        Assert.Equal("two", second.Data.GetProperty("line").GetString());
        Assert.Equal(LogRecovery.CutShort, (await follower.NextAsync()).Data.GetProperty("line").GetString());
        Assert.Equal("end", (await follower.NextAsync()).Name);
        Assert.Equal(0, await shared.CountAsync("SELECT COUNT(*) FROM live_logs"));
    }

    [Fact]
    public async Task What_a_dead_host_showed_is_swept_and_a_host_that_was_taken_for_dead_shows_all_again()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var log = SharedHosts.Open(shared.All[0]);
        await log.WriteLineAsync("one");
        await using var first = await Follower.OpenAsync(shared.All[1], Follow);
        var seen = await first.NextAsync();

        await shared.ExecuteAsync("DELETE FROM live_logs");
        await log.WriteLineAsync("two");
        await using var again = await Follower.OpenAsync(shared.All[1], Follow, seen.Id);

        Assert.Equal("two", (await again.NextAsync()).Data.GetProperty("line").GetString());
        await log.CompleteAsync(CancellationToken.None);
        Assert.Equal("end", (await again.NextAsync()).Name);
    }

    [Fact]
    public async Task A_log_that_is_shown_again_while_its_reader_asks_for_it_goes_on_behind_the_line_seen()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        await using var log = SharedHosts.Open(shared.All[0]);
        await log.WriteLineAsync("one");
        await log.WriteLineAsync("two");
        SseEvent seen;
        await using (var first = await Follower.OpenAsync(shared.All[1], Follow))
        {
            seen = await first.NextAsync();
            await first.NextAsync();
        }

        await using var sweep = await TableLock.OpenAsync(shared.BooksConnection);
        await using var showing = await TableLock.OpenAsync(shared.BooksConnection);

        // Who waits for the table is served in turn: the reader's first look finds no log, its next one comes when the log is back.
        await sweep.ExecuteAsync(
            """
            CREATE TABLE kept_logs AS SELECT * FROM live_logs;
            CREATE TABLE kept_pieces AS SELECT * FROM live_log_pieces;
            DELETE FROM live_logs;
            LOCK TABLE live_logs
            """);
        var opening = Follower.OpenAsync(shared.All[1], Follow, seen.Id);
        await showing.UntilWaitingAsync("AccessShareLock");
        var taking = showing.ExecuteAsync("LOCK TABLE live_logs");
        await sweep.UntilWaitingAsync("AccessExclusiveLock");
        await sweep.CommitAsync();
        await taking;
        await showing.ExecuteAsync("INSERT INTO live_logs SELECT * FROM kept_logs; INSERT INTO live_log_pieces SELECT * FROM kept_pieces");
        await showing.CommitAsync();

        await using var again = await opening;
        Assert.Equal("two", (await again.NextAsync()).Data.GetProperty("line").GetString());
    }

    [Fact]
    public async Task An_abandoned_log_is_gone_everywhere()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var log = SharedHosts.Open(shared.All[0]);
        await log.WriteLineAsync("one");
        await using var follower = await Follower.OpenAsync(shared.All[1], Follow);
        await follower.NextAsync();

        log.Abandon();

        Assert.Null(await follower.TryNextAsync());
        using var response = await shared.All[1].Http.GetAsync(Follow);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(0, await shared.CountAsync("SELECT COUNT(*) FROM live_logs"));
    }

    [Fact]
    public async Task While_the_database_is_away_those_beside_the_writer_read_on_and_the_others_when_it_is_back()
    {
        using var server = PostgresServer.StartOwn();
        await using var shared = await SharedHosts.StartAsync(2, server.ConnectionString("postgres"));
        await using var log = SharedHosts.Open(shared.All[0]);
        await log.WriteLineAsync("one");
        await using var beside = await Follower.OpenAsync(shared.All[0], Follow);
        await using var elsewhere = await Follower.OpenAsync(shared.All[1], Follow);
        await beside.NextAsync();
        await elsewhere.NextAsync();

        server.Stop();
        await log.WriteLineAsync("two");
        Assert.Equal("two", (await beside.NextAsync()).Data.GetProperty("line").GetString());
        await log.WriteLineAsync("three");
        Assert.Equal("three", (await beside.NextAsync()).Data.GetProperty("line").GetString());
        server.Start();

        Assert.Equal("two", (await elsewhere.NextAsync()).Data.GetProperty("line").GetString());
        Assert.Equal("three", (await elsewhere.NextAsync()).Data.GetProperty("line").GetString());
        await Wait.UntilAsync(async () => (await shared.All[0].Http.GetAsync("/api/ready")).IsSuccessStatusCode);
        await log.CompleteAsync(CancellationToken.None);
        Assert.Equal("end", (await beside.NextAsync()).Name);
        Assert.Equal("end", (await elsewhere.NextAsync()).Name);
        Assert.StartsWith("one\ntwo\nthree\n", (await shared.All[1].GetAsync("/api/logs/numpy/1.0")).GetProperty("content").GetString(), StringComparison.Ordinal);
    }
}

/// <summary>A connection of its own to the database, within one transaction.</summary>
file sealed class TableLock(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    public static async Task<TableLock> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return new TableLock(connection, await connection.BeginTransactionAsync());
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until somebody waits for a lock on the table of logs.</summary>
    public Task UntilWaitingAsync(string mode) => Wait.UntilAsync(async () =>
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT COUNT(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
            WHERE datname = current_database() AND relation = 'live_logs'::regclass AND mode = @mode AND NOT granted
            """,
            connection,
            transaction);
        command.Parameters.AddWithValue("mode", mode);
        return await command.ExecuteScalarAsync() is > 0L;
    });

    public Task CommitAsync() => transaction.CommitAsync();

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
