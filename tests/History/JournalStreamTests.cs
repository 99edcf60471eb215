using System.Net.ServerSentEvents;
using System.Text.Json;
using static Refinery.Tests.History.HistoryEndpointTests;

namespace Refinery.Tests.History;

/// <summary>The live journal: resumed by id, complete, and ended with the host.</summary>
public sealed class JournalStreamTests
{
    [Fact]
    public async Task A_reader_who_resumes_gets_every_event_after_its_last_and_then_the_new_ones()
    {
        await using var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"));
        await host.PostAsync("/api/history", Enumerable.Range(0, 5).Select(index => Event($"p{index}", "built", "2026-01-01T00:00:00Z")).ToArray());
        await using var stream = await OpenAsync(host, lastEventId: "2");

        var resumed = await TakeAsync(stream, 3);
        await host.PostAsync("/api/history", Event("new", "built", "2026-01-01T00:00:00Z"));
        var live = await TakeAsync(stream, 1);

        Assert.Equal(["3", "4", "5", "6"], resumed.Concat(live).Select(item => item.EventId));
        var data = resumed.Concat(live).Select(item => JsonElement.Parse(item.Data)).ToList();
        Assert.Equal("new", data[3].GetProperty("payload").GetProperty("package").GetString());
        Assert.Equal("history.recorded", data[3].GetProperty("event_type").GetString());
        Assert.All(data.Zip(data.Skip(1)), pair => Assert.Equal(pair.First.GetProperty("hash").GetString(), pair.Second.GetProperty("prev_hash").GetString()));
    }

    [Fact]
    public async Task A_reader_without_an_id_gets_only_what_is_new()
    {
        await using var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"));
        await host.PostAsync("/api/history", Event("old", "built", "2026-01-01T00:00:00Z"));
        await using var stream = await OpenAsync(host, lastEventId: null);

        await host.PostAsync("/api/history", Event("new", "built", "2026-01-01T00:00:00Z"));

        Assert.Equal("2", Assert.Single(await TakeAsync(stream, 1)).EventId);
    }

    [Fact]
    public async Task Open_streams_end_when_the_host_stops()
    {
        var host = await RefineryHost.StartAsync(("HINT_CATALOGUE", "0"));
        using var answer = await host.Http.GetAsync("/api/events/stream", HttpCompletionOption.ResponseHeadersRead);
        var reading = answer.Content.ReadAsStringAsync();

        var stopping = host.DisposeAsync().AsTask();

        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        await stopping.WaitAsync(TimeSpan.FromSeconds(15));
        await Task.WhenAny(reading);
    }

    private static async Task<IAsyncEnumerator<SseItem<string>>> OpenAsync(RefineryHost host, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events/stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var answer = await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
    }

    private static async Task<List<SseItem<string>>> TakeAsync(IAsyncEnumerator<SseItem<string>> stream, int count)
    {
        var items = new List<SseItem<string>>();
        while (items.Count < count)
        {
            Assert.True(await stream.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
            items.Add(stream.Current);
        }

        return items;
    }
}
