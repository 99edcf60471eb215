using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>The live journal as server-sent events: the id of each is its sequence, so that a client resumes where it left off.</summary>
internal static class JournalStream
{
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(15);

    public static void MapJournalStream(this IEndpointRouteBuilder api) =>
        api.MapGet("/events/stream", StreamAsync)
            .WithQuery("last_event_id", "As the header Last-Event-ID, for a client that cannot send one.", "0", "integer")
            .Produces<JournalEventAnswer>(contentType: "text/event-stream")
            .WithName("StreamEvents").WithSummary("The journal, live.")
            .WithDescription(
                "Each event's id is its sequence and its data the event as JSON. Resumes after Last-Event-ID (a header, or last_event_id "
                + "in the query); 0 sends the whole journal, none sends what comes from now on. A comment every 15 s keeps the line open.");

    private static async Task<IResult> StreamAsync(
        HttpContext context, EventJournal journal, TimeProvider clock, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        var head = (await journal.HeadAsync(cancellationToken)).Sequence;
        var after = Math.Min(LastEventId(context.Request) ?? head, head);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            await OpenAsync(context, ending.Token);
            await WriteAsync(context.Response, journal.FollowAsync(after, ending.Token), clock, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
        }

        return Results.Empty;
    }

    /// <exception cref="BodyException">The id is no sequence.</exception>
    private static long? LastEventId(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : request.QueryText("last_event_id");
        if (text is null)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? sequence
            : throw new BodyException($"Last-Event-ID is {Errors.Quote(text)}; the sequence of an event is expected, or 0 for all.");
    }

    private static async Task OpenAsync(HttpContext context, CancellationToken cancellationToken)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-transform";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.WriteAsync("retry: 2000\n\n", cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    /// <summary>Writes events as they come, and a comment whenever a beat passes without one being due.</summary>
    private static async Task WriteAsync(
        HttpResponse response, IAsyncEnumerable<JournalEvent> events, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(BeatEvery, clock);
        await using var source = events.GetAsyncEnumerator(cancellationToken);
        var beat = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        var next = source.MoveNextAsync().AsTask();
        while (true)
        {
            if (!next.IsCompleted)
            {
                await response.Body.FlushAsync(cancellationToken);
                await Task.WhenAny(next, beat);
            }

            if (beat.IsCompleted)
            {
                await response.WriteAsync(": beat\n\n", cancellationToken);
                beat = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            }

            if (next.IsCompleted)
            {
                await next;
                await response.WriteAsync(Text(source.Current), cancellationToken);
                next = source.MoveNextAsync().AsTask();
            }
        }
    }

    private static string Text(JournalEvent link) =>
        $"id: {link.Sequence}\ndata: {JsonSerializer.Serialize(JournalEventAnswer.Of(link), RefineryJson.Options)}\n\n";
}

/// <summary>An event of the journal.</summary>
internal sealed record JournalEventAnswer(
    long Sequence,
    string EventId,
    string EventType,
    DateTimeOffset Timestamp,
    string? ActorId,
    string? Target,
    JsonElement Payload,
    string? PrevHash,
    string Hash)
{
    public static JournalEventAnswer Of(JournalEvent link) => new(
        link.Sequence, link.EventId, link.EventType, link.Timestamp, link.ActorId, link.Target, link.Payload.ToElement(), link.PrevHash, link.Hash);
}
