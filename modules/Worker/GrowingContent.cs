using System.Net;
using System.Net.Http.Headers;

namespace Refinery.Worker;

/// <summary>A log as the body of a request: what is written is sent at once, and the body ends when the log does.</summary>
internal sealed class GrowingContent : HttpContent
{
    private const int BufferSize = 64 << 10;

    private readonly RemoteLog log;

    public GrowingContent(RemoteLog log)
    {
        this.log = log;
        Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var text = log.OpenText();
        var buffer = new byte[BufferSize];
        while (true)
        {
            var (more, isWhole) = (log.Changed.Next, log.IsEnded);
            while (await text.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }

            await stream.FlushAsync(cancellationToken);
            if (isWhole)
            {
                return;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
