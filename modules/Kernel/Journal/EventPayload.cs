using System.Buffers;
using System.Text.Json;

namespace Refinery.Kernel.Journal;

/// <summary>An event's payload, built member by member straight into canonical text.</summary>
/// <remarks>Members may be added in any order; each name once. A null value is left out.</remarks>
public sealed class EventPayload
{
    private readonly ArrayBufferWriter<byte> values = new(1024);
    private readonly List<(string Name, int Start, int Length)> members = new(16);
    private byte[]? text;

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
            var start = values.WrittenCount;
            CanonicalJson.WriteText(values, value);
            Member(name, start);
        }

        return this;
    }

    public EventPayload Add(string name, long? value)
    {
        if (value is { } number)
        {
            var start = values.WrittenCount;
            CanonicalJson.WriteNumber(values, number);
            Member(name, start);
        }

        return this;
    }

    public EventPayload Add(string name, bool? value)
    {
        if (value is { } flag)
        {
            var start = values.WrittenCount;
            values.Write(flag ? "true"u8 : "false"u8);
            Member(name, start);
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
            var start = values.WrittenCount;
            CanonicalJson.Write(values, value);
            Member(name, start);
        }

        return this;
    }

    /// <summary>Adds any value by the one JSON policy (snake_case members, absent optional values left out).</summary>
    public EventPayload AddValue<T>(string name, T value) =>
        AddJson(name, JsonSerializer.SerializeToElement(value, Web.RefineryJson.Options));

    public EventPayload AddList(string name, IEnumerable<string> items)
    {
        var start = values.WrittenCount;
        values.Write("["u8);
        var first = true;
        foreach (var item in items)
        {
            values.Write(first ? default : ","u8);
            first = false;
            CanonicalJson.WriteText(values, item);
        }

        values.Write("]"u8);
        Member(name, start);
        return this;
    }

    /// <summary>Finishes text and reading of the payload where the caller is, so that the one writer of the database need not.</summary>
    /// <returns>Itself; nothing may be added any more.</returns>
    public EventPayload Seal()
    {
        var output = new ArrayBufferWriter<byte>(values.WrittenCount + (members.Count * 24) + "{}".Length);
        WriteTo(output);
        text = output.WrittenSpan.ToArray();
        var reader = new Utf8JsonReader(text);
        Element = JsonElement.ParseValue(ref reader);
        return this;
    }

    /// <summary>The payload as projections read it; null until it is sealed.</summary>
    internal JsonElement? Element { get; private set; }

    /// <summary>Writes the canonical object.</summary>
    internal void WriteTo(IBufferWriter<byte> output)
    {
        if (text is not null)
        {
            output.Write(text);
            return;
        }

        members.Sort(static (left, right) => CodePointOrder.Instance.Compare(left.Name, right.Name));
        output.Write("{"u8);
        for (var index = 0; index < members.Count; index++)
        {
            var (name, start, length) = members[index];
            output.Write(index == 0 ? default : ","u8);
            CanonicalJson.WriteText(output, name);
            output.Write(":"u8);
            output.Write(values.WrittenSpan.Slice(start, length));
        }

        output.Write("}"u8);
    }

    private void Member(string name, int start)
    {
        if (text is not null)
        {
            throw new InvalidOperationException($"The payload is sealed; '{name}' cannot be added.");
        }

        members.Add((name, start, values.WrittenCount - start));
    }
}
