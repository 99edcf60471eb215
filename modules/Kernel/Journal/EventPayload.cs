using System.Buffers;
using System.Text.Json;

namespace Refinery.Kernel.Journal;

/// <summary>An event's payload, built member by member straight into canonical text.</summary>
/// <remarks>Members may be added in any order; each name once. A null value is left out.</remarks>
public sealed class EventPayload
{
    [ThreadStatic]
    private static Draft? spare;

    private Draft? draft;
    private CanonicalObject? made;

    public EventPayload()
    {
        draft = spare ?? new Draft();
        spare = null;
    }

    /// <summary>A payload that came as JSON; of members with the same name the last one counts.</summary>
    /// <param name="payload">A JSON object.</param>
    /// <exception cref="FormatException">The object has no canonical text.</exception>
    public static EventPayload From(JsonElement payload)
    {
        var last = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in payload.EnumerateObject())
        {
            last[CanonicalJson.NameOf(member)] = member.Value;
        }

        var result = new EventPayload();
        foreach (var (name, value) in last)
        {
            result.AddJson(name, value);
        }

        return result;
    }

    public EventPayload Add(string name, string? value)
    {
        if (value is not null)
        {
            CanonicalJson.WriteText(Member(name), value);
        }

        return this;
    }

    public EventPayload Add(string name, long? value)
    {
        if (value is { } number)
        {
            CanonicalJson.WriteNumber(Member(name), number);
        }

        return this;
    }

    public EventPayload Add(string name, bool? value)
    {
        if (value is { } flag)
        {
            Member(name).Write(flag ? "true"u8 : "false"u8);
        }

        return this;
    }

    /// <summary>Adds an instant in the form the database keeps.</summary>
    public EventPayload Add(string name, DateTimeOffset? value) =>
        Add(name, value is { } instant ? Storage.Instant.Format(instant) : null);

    /// <summary>Adds any JSON value; an undefined one is left out.</summary>
    /// <exception cref="FormatException">The value has no canonical text.</exception>
    public EventPayload AddJson(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Undefined)
        {
            CanonicalJson.Write(Member(name), value);
        }

        return this;
    }

    /// <summary>Adds any value by the one JSON policy (snake_case members, absent optional values left out).</summary>
    public EventPayload AddValue<T>(string name, T value) =>
        AddJson(name, JsonSerializer.SerializeToElement(value, Web.RefineryJson.Options));

    public EventPayload AddList(string name, IEnumerable<string> items)
    {
        var values = Member(name);
        values.Write("["u8);
        var first = true;
        foreach (var item in items)
        {
            values.Write(first ? default : ","u8);
            first = false;
            CanonicalJson.WriteText(values, item);
        }

        values.Write("]"u8);
        return this;
    }

    /// <summary>Finishes the payload where the caller is, so that the one writer of the database need not; a second call does nothing.</summary>
    /// <returns>Itself; nothing may be added any more.</returns>
    public EventPayload Seal()
    {
        if (draft is { } built)
        {
            made = built.Finish();
            draft = null;
            spare = built.Clear();
        }

        return this;
    }

    /// <summary>The payload as it is read, sealed with that.</summary>
    internal CanonicalObject Made => Seal().made!;

    /// <summary>Begins a member; what is written next is its value.</summary>
    private ArrayBufferWriter<byte> Member(string name) =>
        draft?.Begin(name) ?? throw new InvalidOperationException($"The payload is sealed; '{name}' cannot be added.");

    /// <summary>A payload while it is built. Payloads of a thread use one after the other the same.</summary>
    private sealed class Draft
    {
        /// <summary>A draft that grew larger is not kept.</summary>
        private const int LargestKept = 64 * 1024;

        private readonly ArrayBufferWriter<byte> values = new(1024);
        private readonly ArrayBufferWriter<byte> text = new(1024);
        private readonly List<(string Name, int Start)> members = new(16);
        private readonly List<(string Name, int Start, int End)> sorted = new(16);

        public ArrayBufferWriter<byte> Begin(string name)
        {
            members.Add((name, values.WrittenCount));
            return values;
        }

        /// <summary>The canonical object.</summary>
        public CanonicalObject Finish()
        {
            for (var index = 0; index < members.Count; index++)
            {
                var end = index + 1 < members.Count ? members[index + 1].Start : values.WrittenCount;
                sorted.Add((members[index].Name, members[index].Start, end));
            }

            sorted.Sort(static (left, right) => CodePointOrder.Instance.Compare(left.Name, right.Name));
            text.Write("{"u8);
            var places = new MemberPlace[sorted.Count];
            for (var index = 0; index < places.Length; index++)
            {
                var (name, start, end) = sorted[index];
                text.Write(index == 0 ? default : ","u8);
                var at = text.WrittenCount + 1;
                CanonicalJson.WriteText(text, name);
                var nameEnd = text.WrittenCount - 1;
                text.Write(":"u8);
                var value = text.WrittenCount;
                text.Write(values.WrittenSpan[start..end]);
                places[index] = new MemberPlace(at, nameEnd, value, text.WrittenCount);
            }

            text.Write("}"u8);
            return new CanonicalObject(text.WrittenSpan.ToArray(), places);
        }

        /// <returns>Itself, empty; null when it is too large to be kept.</returns>
        public Draft? Clear()
        {
            values.ResetWrittenCount();
            text.ResetWrittenCount();
            members.Clear();
            sorted.Clear();
            return values.Capacity + text.Capacity <= LargestKept ? this : null;
        }
    }
}
