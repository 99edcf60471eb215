using System.Text.Json;

namespace Refinery.FileQueue;

/// <summary>Reads lines of the journal back into records; keys that it does not know are passed over.</summary>
internal sealed class RecordReader
{
    private string? op;
    private string? stepId;
    private string? type;
    private int? priority;
    private long? rank;
    private DateTimeOffset? enqueuedAt;

    // Most steps are of one type: its text is kept once, not once an item.
    private string lastType = "";

    /// <summary>The record on the line, or null when the line is none.</summary>
    public JournalRecord? Read(ReadOnlySpan<byte> line)
    {
        (op, stepId, type, priority, rank, enqueuedAt) = (null, null, null, null, null, null);
        try
        {
            ReadObject(line);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }

        return (op, stepId) switch
        {
            ("add", { } id) when type is { } && priority is { } && rank is { } && enqueuedAt is { } =>
                new AddRecord(new(id, type, priority.Value, rank.Value, enqueuedAt.Value.ToUniversalTime())),
            ("pop", { } id) => new PopRecord(id),
            ("clear", _) => new ClearRecord(),
            _ => null,
        };
    }

    private void ReadObject(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName)
            {
                ReadMember(ref json);
            }
            else if (json.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject))
            {
                throw new JsonException("A record is one flat object.");
            }
        }
    }

    private void ReadMember(ref Utf8JsonReader json)
    {
        if (Is(ref json, JournalWords.Op))
        {
            op = json.GetString();
        }
        else if (Is(ref json, JournalWords.StepId))
        {
            stepId = json.GetString();
        }
        else if (Is(ref json, JournalWords.Type))
        {
            type = ReadType(ref json);
        }
        else if (Is(ref json, JournalWords.Priority))
        {
            priority = json.GetInt32();
        }
        else if (Is(ref json, JournalWords.Rank))
        {
            rank = json.GetInt64();
        }
        else if (Is(ref json, JournalWords.EnqueuedAt))
        {
            enqueuedAt = json.GetDateTimeOffset();
        }
        else
        {
            json.Skip();
        }
    }

    // Moves on to the value when it is the member's name.
    private static bool Is(ref Utf8JsonReader json, JsonEncodedText name) => json.ValueTextEquals(name.EncodedUtf8Bytes) && json.Read();

    private string? ReadType(ref Utf8JsonReader json)
    {
        if (!json.ValueTextEquals(lastType))
        {
            lastType = json.GetString() ?? "";
        }

        return json.TokenType == JsonTokenType.Null ? null : lastType;
    }
}
