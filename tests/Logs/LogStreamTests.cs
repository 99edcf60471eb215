using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Logs;

/// <summary>Logs are sent and followed while they are written, over the real port.</summary>
public sealed class LogStreamTests
{
    [Fact]
    public async Task Without_follow_the_newest_log_is_the_one_event()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/api/logs", new { name = "a", version = "1", content = "one\ntwo\n" });

        using var response = await host.Http.GetAsync("/api/logs/stream/a/1");
        using var missing = await host.Http.GetAsync("/api/logs/stream/b/1");

        var events = Sse.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("log", Assert.Single(events).Name);
        Assert.Equal("one\ntwo\n", events[0].Data.GetProperty("content").GetString());
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Theory]
    [InlineData("text/plain", "gcc -c a.c\n", "done\n", "gcc -c a.c\ndone\n")]
    [InlineData("application/x-ndjson", "{\"line\":\"gcc -c a.c\"}\n", "\"done\"\n", "gcc -c a.c\ndone\n")]
    public async Task Lines_are_seen_while_the_log_is_sent_and_stored_at_its_end(string type, string first, string second, string stored)
    {
        await using var host = await RefineryHost.StartAsync();
        using var sender = new LiveSender(type);
        var sending = host.Http.PostAsync("/api/logs/stream/a/1?attempt=2&run_id=r", sender);
        await sender.SendAsync(first);
        await using var follower = await Follower.OpenAsync(host, "/api/logs/stream/a/1?follow=1");

        var seen = await follower.NextAsync();
        await sender.SendAsync(second);
        var next = await follower.NextAsync();
        sender.Complete();
        var end = await follower.NextAsync();
        using var answer = await sending;

        Assert.Equal("gcc -c a.c", seen.Data.GetProperty("line").GetString());
        Assert.Equal("done", next.Data.GetProperty("line").GetString());
        Assert.Equal("end", end.Name);
        Assert.Null(await follower.TryNextAsync());
        Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("lines").GetInt32());
        var log = await host.GetAsync("/api/logs/a/1?attempt=2");
        Assert.Equal(stored, log.GetProperty("content").GetString());
        Assert.Equal("r", log.GetProperty("run_id").GetString());
    }

    [Fact]
    public async Task A_reader_that_comes_again_misses_and_repeats_no_line()
    {
        await using var host = await RefineryHost.StartAsync();
        using var sender = new LiveSender("text/plain");
        var sending = host.Http.PostAsync("/api/logs/stream/a/1", sender);
        await sender.SendAsync(string.Concat(Enumerable.Range(1, 500).Select(number => $"line {number}\n")));
        var seen = new List<string>();
        string? last = null;

        // Live three times, then once more when the log is stored.
        for (var visit = 0; visit < 3; visit++)
        {
            await using var follower = await Follower.OpenAsync(host, "/api/logs/stream/a/1?follow=1", last);
            for (var line = 0; line < 100; line++)
            {
                last = (await follower.NextAsync()).Record(seen);
            }
        }

        await sender.SendAsync("line 501");
        sender.Complete();
        using var answer = await sending;
        await using var rest = await Follower.OpenAsync(host, "/api/logs/stream/a/1?follow=1", last);
        while (await rest.NextAsync() is { Name: "line" } line)
        {
            line.Record(seen);
        }

        Assert.Equal(Enumerable.Range(1, 501).Select(number => $"line {number}").ToArray(), seen.ToArray());
    }

    [Fact]
    public async Task A_bad_line_is_refused_and_nothing_is_stored()
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await host.Http.PostAsync("/api/logs/stream/a/1", new StringContent("\"good\"\n\n{\"line\":5}\n", Encoding.UTF8, "application/x-ndjson"));
        using var missing = await host.Http.GetAsync("/api/logs/a/1");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Line 3", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Empty(Directory.GetFiles(Path.Combine(host.DataDirectory, "logs", "live")));
    }

    [Fact]
    public async Task When_the_sender_goes_away_what_came_is_stored()
    {
        await using var host = await RefineryHost.StartAsync();
        using var sender = new LiveSender("text/plain");
        using var gone = new CancellationTokenSource();
        var sending = host.Http.PostAsync("/api/logs/stream/a/1", sender, gone.Token);
        await sender.SendAsync("the first line\n");
        await using var follower = await Follower.OpenAsync(host, "/api/logs/stream/a/1?follow=1");
        await follower.NextAsync();

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Contains("connection broke", (await follower.NextAsync()).Data.GetProperty("line").GetString(), StringComparison.Ordinal);
        Assert.Equal("end", (await follower.NextAsync()).Name);
        Assert.StartsWith("the first line\n", (await host.GetAsync("/api/logs/a/1")).GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_stops_does_not_wait_for_its_followers()
    {
        var host = await RefineryHost.StartAsync();
        using var sender = new LiveSender("text/plain");
        var sending = host.Http.PostAsync("/api/logs/stream/a/1", sender);
        await sender.SendAsync("a line\n");
        await using var follower = await Follower.OpenAsync(host, "/api/logs/stream/a/1?follow=1");
        await follower.NextAsync();

        await host.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        sender.Complete();
        await Task.WhenAny(sending);
        Assert.True(sending.IsCompleted);
    }
}
