using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>One line of the journal, told apart by its <c>op</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op")]
[JsonDerivedType(typeof(AddRecord), "add")]
[JsonDerivedType(typeof(PopRecord), "pop")]
[JsonDerivedType(typeof(ClearRecord), "clear")]
internal abstract record JournalRecord;

/// <summary>An item came.</summary>
internal sealed record AddRecord(string StepId, string Type, int Priority, long Rank, DateTime EnqueuedAt) : JournalRecord
{
    public static AddRecord Of(QueueItem item) =>
        new(item.StepId, item.Type, item.Priority, item.Rank, item.EnqueuedAt.UtcDateTime);

    public QueueItem ToItem() => new(StepId, Type, Priority, Rank, EnqueuedAt.ToUniversalTime());
}

/// <summary>An item was taken.</summary>
internal sealed record PopRecord(string StepId) : JournalRecord;

/// <summary>Every item that waited then was removed.</summary>
internal sealed record ClearRecord : JournalRecord;

/// <summary>How a record is written: snake_case, compact, other alphabets readable.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(JournalRecord))]
internal sealed partial class JournalJson : JsonSerializerContext
{
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The record on the line, or null when the line is none.</summary>
    public static JournalRecord? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Default.JournalRecord);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
