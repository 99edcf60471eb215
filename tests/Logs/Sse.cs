using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Logs;

/// <summary>An event of a stream.</summary>
internal sealed record SseEvent(string? Id, string Name, JsonElement Data)
{
    /// <summary>Adds the event's line and answers its id.</summary>
    public string? Record(List<string> lines)
    {
        lines.Add(Data.GetProperty("line").GetString()!);
        return Id;
    }
}

/// <summary>Reads event streams.</summary>
internal static class Sse
{
    public static List<SseEvent> Parse(string text) =>
        [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(ParseOne).OfType<SseEvent>()];

    public static SseEvent? ParseOne(string block)
    {
        var fields = block.Split('\n').Where(line => !line.StartsWith(':')).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return fields.Count == 0
            ? null
            : new SseEvent(fields.GetValueOrDefault("id"), fields["event"], JsonDocument.Parse(fields["data"]).RootElement.Clone());
    }
}

/// <summary>A reader that follows a log.</summary>
internal sealed class Follower : IAsyncDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader reader;

    private Follower(HttpResponseMessage response, StreamReader reader)
    {
        this.response = response;
        this.reader = reader;
    }

    /// <summary>Follows as soon as there is a log to follow.</summary>
    public static async Task<Follower> OpenAsync(RefineryHost host, string path, string? lastEventId = null)
    {
        HttpResponseMessage? opened = null;
        await Wait.UntilAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
            opened = await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return opened.StatusCode == HttpStatusCode.OK;
        });
        return new Follower(opened!, new StreamReader(await opened!.Content.ReadAsStreamAsync()));
    }

    public async Task<SseEvent> NextAsync() => await TryNextAsync() ?? throw new EndOfStreamException("The stream has ended.");

    public async Task<SseEvent?> TryNextAsync()
    {
        using var hang = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var block = new StringBuilder();
        while (await reader.ReadLineAsync(hang.Token) is { } line)
        {
            if (line.Length > 0)
            {
                block.Append(block.Length > 0 ? "\n" : string.Empty).Append(line);
            }
            else if (Sse.ParseOne(block.ToString()) is { } found)
            {
                return found;
            }
            else
            {
                block.Clear();
            }
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A request body that is sent piece by piece.</summary>
internal sealed class LiveSender : HttpContent
{
    private readonly Pipe pipe = new();

    public LiveSender(string type) => Headers.ContentType = new(type);

    public async Task SendAsync(string text)
    {
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));
        await pipe.Writer.FlushAsync();
    }

    public void Complete() => pipe.Writer.Complete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ReadResult read;
        do
        {
            read = await pipe.Reader.ReadAsync(cancellationToken);
            foreach (var piece in read.Buffer)
            {
                await stream.WriteAsync(piece, cancellationToken);
            }

            await stream.FlushAsync(cancellationToken);
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
