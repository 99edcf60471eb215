using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>What attempts write is kept, whatever ends them.</summary>
public sealed class LiveLogTests
{
    [Fact]
    public async Task A_completed_log_is_stored_with_the_attempt_it_belongs_to()
    {
        await using var host = await RefineryHost.StartAsync();
        await using var log = Open(host, attempt: 2);
        await log.WriteLineAsync("first \0 line");
        await log.WriteLineAsync("second line");

        var tail = log.Tail(13);
        var stored = await log.CompleteAsync(CancellationToken.None);
        await log.WriteLineAsync("too late");

        var read = await host.GetAsync("/api/logs/numpy/1.0?attempt=2");
        Assert.Equal("second line\n", tail);
        Assert.Equal("first \uFFFD line\nsecond line\n", read.GetProperty("content").GetString());
        Assert.Equal(stored.Sha256, read.GetProperty("sha256").GetString());
        Assert.Equal(stored.SizeBytes, read.GetProperty("size_bytes").GetInt64());
        Assert.Equal(2, stored.Lines);
        Assert.Empty(Directory.GetFiles(Path.Combine(host.DataDirectory, "logs", "live")));
    }

    [Theory]
    [InlineData(100, "one\ntwo\nthree\n")]
    [InlineData(14, "one\ntwo\nthree\n")]
    [InlineData(13, "two\nthree\n")]
    [InlineData(10, "two\nthree\n")]
    [InlineData(9, "three\n")]
    [InlineData(5, "")]
    public async Task The_tail_is_whole_lines(int maxBytes, string expected)
    {
        await using var host = await RefineryHost.StartAsync();
        await using var log = Open(host, attempt: 1);
        foreach (var line in (string[])["one", "two", "three"])
        {
            await log.WriteLineAsync(line);
        }

        Assert.Equal(expected, log.Tail(maxBytes));
    }

    [Fact]
    public async Task A_silent_attempt_stores_nothing()
    {
        await using var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"));
        var log = Open(host, attempt: 1);

        var stored = await log.CompleteAsync(CancellationToken.None);

        Assert.Equal(0, stored.SizeBytes);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await host.Http.GetAsync("/api/logs/numpy/1.0")).StatusCode);
        Assert.Equal(0, (await host.Services.GetRequiredService<EventJournal>().HeadAsync(CancellationToken.None)).Sequence);
    }

    [Fact]
    public async Task Two_writers_of_the_same_name_version_and_attempt_keep_a_log_each()
    {
        await using var host = await RefineryHost.StartAsync();
        var first = Open(host, attempt: 1);
        await first.WriteLineAsync("first before");
        var second = Open(host, attempt: 1);
        await second.WriteLineAsync("second");
        await host.Http.PostAsync("/api/logs/stream/numpy/1.0?attempt=1&run_id=run-1", new StringContent("from outside\n"));

        await first.WriteLineAsync("first after");

        Assert.Equal("first before\nfirst after\n", first.Tail(1000));
        await second.CompleteAsync(CancellationToken.None);
        var stored = await first.CompleteAsync(CancellationToken.None);
        Assert.Equal(2, stored.Lines);
        Assert.Contains("first after", (await host.GetAsync("/api/logs/numpy/1.0?attempt=1")).GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await host.GetAsync("/api/logs/search?q=second&name=numpy")).GetArrayLength());
    }

    [Fact]
    public async Task A_follower_follows_the_newest_of_several_logs_being_written()
    {
        await using var host = await RefineryHost.StartAsync();
        await using var first = Open(host, attempt: 1);
        await first.WriteLineAsync("first");
        await using var second = Open(host, attempt: 1);
        await second.WriteLineAsync("second");
        await second.CompleteAsync(CancellationToken.None);
        await using var third = Open(host, attempt: 1);
        await third.WriteLineAsync("third");
        await using var follower = await Follower.OpenAsync(host, "/api/logs/stream/numpy/1.0?follow=1");

        var line = await follower.NextAsync();

        Assert.Equal("third", line.Data.GetProperty("line").GetString());
    }

    [Fact]
    public async Task Many_writers_at_once_lose_no_line_and_mix_none()
    {
        await using var host = await RefineryHost.StartAsync();
        await using var log = Open(host, attempt: 1);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var number = 0; number < 200; number++)
            {
                await log.WriteLineAsync($"writer {writer} line {number}");
            }
        })));
        await log.CompleteAsync(CancellationToken.None);

        var lines = (await host.GetAsync("/api/logs/numpy/1.0")).GetProperty("content").GetString()!.TrimEnd('\n').Split('\n');
        Assert.Equal(1600, lines.Distinct(StringComparer.Ordinal).Count());
        Assert.All(lines, line => Assert.Matches(@"^writer \d line \d+$", line));
    }

    [Fact]
    public async Task A_log_whose_process_died_is_taken_in_at_the_next_start_and_followed_on()
    {
        using var folder = new TemporaryFolder();
        var dying = await RefineryHost.StartAsync(folder);
        var log = Open(dying, attempt: 4);
        await log.WriteLineAsync("one");
        await log.WriteLineAsync("two");
        string id;
        await using (var follower = await Follower.OpenAsync(dying, "/api/logs/stream/numpy/1.0?follow=1"))
        {
            id = (await follower.NextAsync()).Id!;
        }

        // Nobody completes the log: its file is what a killed process leaves.
        await dying.StopAsync();
        await using var host = await RefineryHost.StartAsync(folder);
        await using var again = await Follower.OpenAsync(host, "/api/logs/stream/numpy/1.0?follow=1", id);

        Assert.Equal("two", (await again.NextAsync()).Data.GetProperty("line").GetString());
        Assert.Equal(LogRecovery.CutShort, (await again.NextAsync()).Data.GetProperty("line").GetString());
        Assert.Equal("end", (await again.NextAsync()).Name);
        Assert.Equal(4, (await host.GetAsync("/api/logs/numpy/1.0")).GetProperty("attempt").GetInt32());
        Assert.Empty(Directory.GetFiles(folder.File("logs/live")));
    }

    [Fact]
    public async Task A_log_that_was_stored_before_the_process_died_is_not_stored_twice()
    {
        using var folder = new TemporaryFolder();
        var dying = await RefineryHost.StartAsync(folder);
        var log = Open(dying, attempt: 1);
        await log.WriteLineAsync("one");
        var file = Assert.Single(Directory.GetFiles(folder.File("logs/live")));
        var bytes = await File.ReadAllBytesAsync(file);
        await log.CompleteAsync(CancellationToken.None);
        await dying.StopAsync();
        await File.WriteAllBytesAsync(file, bytes);

        await using var host = await RefineryHost.StartAsync(folder);

        Assert.Equal("one\n", (await host.GetAsync("/api/logs/numpy/1.0")).GetProperty("content").GetString());
        Assert.Single((await host.GetAsync("/api/logs/search?q=one")).EnumerateArray());
    }

    [Fact]
    public async Task A_log_of_no_run_is_taken_in_as_well()
    {
        using var folder = new TemporaryFolder();
        var dying = await RefineryHost.StartAsync(folder);
        var log = dying.Services.GetRequiredService<LiveLogs>().Open(new LogKey("hello_world", "step_1", Attempt: 1, RunId: null));
        await log.WriteLineAsync("one");

        await dying.StopAsync();
        await using var host = await RefineryHost.StartAsync(folder);

        Assert.StartsWith("one\n", (await host.GetAsync("/api/logs/hello_world/step_1")).GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_whose_first_line_is_damaged_does_not_keep_the_host_from_starting()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("logs/live"));
        await File.WriteAllTextAsync(folder.File("logs/live/log-1.log"), "{\"log_id\":\"log-1\",\"nXme\":\"a\"}\none\n");

        await using (await RefineryHost.StartAsync(folder))
        {
            Assert.EndsWith("log-1.log.unreadable", Assert.Single(Directory.GetFiles(folder.File("logs/live"))), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task A_file_cut_within_its_first_line_is_dropped(int length)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("logs/live"));
        await File.WriteAllTextAsync(folder.File("logs/live/log-1.log"), "{\"log_id\":\"log-1\",\"name\":\"a\""[..length]);

        await using var host = await RefineryHost.StartAsync(folder);

        Assert.Empty(Directory.GetFiles(folder.File("logs/live")));
        Assert.Empty((await host.GetAsync("/api/logs/search?q=a")).EnumerateArray());
    }

    [Fact]
    public async Task Texts_that_the_database_does_not_know_are_found_again()
    {
        using var folder = new TemporaryFolder();
        var before = await RefineryHost.StartAsync(folder);
        await before.PostAsync("/api/logs", new { name = "a", version = "1", content = "kept text" });
        await before.Services.GetRequiredService<Database>().WriteAsync(sql => sql.ExecuteAsync("DELETE FROM log_texts"), CancellationToken.None);
        await before.StopAsync();

        await using var host = await RefineryHost.StartAsync(folder);

        Assert.Equal("kept text", (await host.GetAsync("/api/logs/a/1")).GetProperty("content").GetString());
    }

    [Fact]
    public async Task The_rebuilt_table_is_the_same()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "A_b", version = "1", content = "one", attempt = 1, run_id = "r", timestamp = 1700000000.123456 });
        await host.PostAsync("/api/logs", new { name = "c", version = "2", content = "two\n" });
        var database = host.Services.GetRequiredService<Database>();
        var before = await RowsAsync(database);

        await host.Services.GetRequiredService<EventJournal>().RebuildAsync(CancellationToken.None);

        Assert.Equal(2, before.Count);
        Assert.True(before.SequenceEqual(await RowsAsync(database)));
    }

    private static Task<IReadOnlyList<LogRow>> RowsAsync(Database database) =>
        database.ReadAsync(sql => sql.QueryAsync<LogRow>("SELECT * FROM logs ORDER BY sequence"), CancellationToken.None);

    private static LiveLog Open(RefineryHost host, int attempt) =>
        host.Services.GetRequiredService<LiveLogs>().Open(new LogKey("numpy", "1.0", attempt, "run-1"));
}
