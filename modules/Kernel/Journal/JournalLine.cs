using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Refinery.Kernel.Journal;

/// <summary>One line of the journal on disk: <c>{"sequence":…,"hash":"…","target":…,"event":…}</c>, the event being the canonical text itself.</summary>
internal static class JournalLine
{
    /// <summary>Writes a line with its line feed.</summary>
    public static void Write(IBufferWriter<byte> output, JournalEvent link)
    {
        output.Write("{\"sequence\":"u8);
        CanonicalJson.WriteNumber(output, link.Sequence);
        output.Write(",\"hash\":"u8);
        CanonicalJson.WriteText(output, link.Hash);
        output.Write(",\"target\":"u8);
        if (link.Target is { } target)
        {
            CanonicalJson.WriteText(output, target);
        }
        else
        {
            output.Write("null"u8);
        }

        if (link.SentTimestamp is { } sent)
        {
            output.Write(",\"sent_timestamp\":"u8);
            CanonicalJson.WriteText(output, sent);
        }

        output.Write(",\"event\":"u8);
        Encoding.ASCII.GetBytes(link.Canonical, output);
        output.Write("}\n"u8);
    }

    /// <summary>Reads a line; checks nothing of the chain. Null when it is no such line.</summary>
    public static EventRow? Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var link = root.GetProperty("event");
            return new EventRow
            {
                Sequence = root.GetProperty("sequence").GetInt64(),
                Hash = Text(root, "hash"),
                Target = root.GetProperty("target").GetString(),
                SentTimestamp = root.TryGetProperty("sent_timestamp", out var sent) ? sent.GetString() : null,
                EventId = Text(link, "event_id"),
                EventType = Text(link, "event_type"),
                Canonical = link.GetRawText(),
            };
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The hash that a line names as the one before; null when it names none.</summary>
    public static string? PrevHash(EventRow row)
    {
        using var document = JsonDocument.Parse(row.Canonical);
        return document.RootElement.TryGetProperty("prev_hash", out var hash) && hash.ValueKind == JsonValueKind.String ? hash.GetString() : null;
    }

    private static string Text(JsonElement owner, string name) =>
        owner.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");
}
