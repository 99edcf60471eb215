using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Refinery.Kernel.Journal;

/// <summary>One line of the journal on disk: <c>{"sequence":…,"hash":"…","target":…,"event":…}</c>, the event being the canonical text itself.</summary>
internal static class JournalLine
{
    /// <summary>Writes a line with its line feed.</summary>
    public static void Write(IBufferWriter<byte> output, IJournalLine link)
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
        output.Write(link.Canonical.Span);
        output.Write("}\n"u8);
    }

    /// <summary>Finds the parts of a line.</summary>
    /// <returns>False when it is no such line.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, out ChainLink link)
    {
        try
        {
            return TryParse(line, out link);
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            link = default;
            return false;
        }
    }

    /// <summary>Reads a line that was found good.</summary>
    public static EventRow Read(ReadOnlyMemory<byte> line)
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
            Canonical = JsonMarshal.GetRawUtf8Value(link).ToArray(),
        };
    }

    /// <summary>The hash that a line names as the one before; null when it names none.</summary>
    public static string? PrevHash(in ChainLink link)
    {
        var reader = new Utf8JsonReader(link.Canonical);
        return JsonElement.ParseValue(ref reader).TryGetProperty("prev_hash", out var hash) && hash.ValueKind == JsonValueKind.String ? hash.GetString() : null;
    }

    /// <summary>Goes on to the value of the member it stands on, if that is called so.</summary>
    internal static bool Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name) && reader.Read();

    private static bool TryParse(ReadOnlySpan<byte> line, out ChainLink link)
    {
        link = default;
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || !reader.Read() || !Value(ref reader, "sequence"u8) || !reader.TryGetInt64(out var sequence))
        {
            return false;
        }

        if (!reader.Read() || !Value(ref reader, "hash"u8) || reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        var hash = reader.ValueSpan;
        if (!reader.Read() || !Value(ref reader, "target"u8) || reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null) || !reader.Read())
        {
            return false;
        }

        if (Value(ref reader, "sent_timestamp"u8) && (reader.TokenType != JsonTokenType.String || !reader.Read()))
        {
            return false;
        }

        if (!Value(ref reader, "event"u8) || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        link = new ChainLink(sequence, hash, line[start..(int)reader.BytesConsumed]);
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject && !reader.Read() && Utf8.IsValid(line);
    }

    private static string Text(JsonElement owner, string name) =>
        owner.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");
}
