using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>Writes a <see cref="LogEntry"/> piece by piece: a text of 64 MiB is never in memory.</summary>
internal static class LogEntryWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(PipeWriter output, FoundLog found, CancellationToken cancellationToken)
    {
        var log = found.Log;
        await using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("log_id", log.LogId);
        json.WriteString("name", log.Name);
        json.WriteString("version", log.Version);
        json.WritePropertyName("content");
        await WriteTextAsync(json, output, found.Text, cancellationToken);
        json.WriteString("timestamp", Instant.Format(log.Timestamp));
        if (log.RunId is { } runId)
        {
            json.WriteString("run_id", runId);
        }

        if (log.Attempt is { } attempt)
        {
            json.WriteNumber("attempt", attempt);
        }

        json.WriteString("sha256", log.Sha256);
        json.WriteNumber("size_bytes", log.SizeBytes);
        json.WriteNumber("lines", log.Lines);
        json.WriteEndObject();
    }

    private static async Task WriteTextAsync(Utf8JsonWriter json, PipeWriter output, Stream text, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSignatures.BlockSize);
        try
        {
            int read;
            do
            {
                read = await text.ReadAsync(buffer, cancellationToken);
                json.WriteStringValueSegment(buffer.AsSpan(0, read), isFinalSegment: read == 0);
                await json.FlushAsync(cancellationToken);
                await output.FlushAsync(cancellationToken);
            }
            while (read > 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
