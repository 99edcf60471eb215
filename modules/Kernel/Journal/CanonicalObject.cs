using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Kernel.Journal;

/// <summary>A JSON object in canonical text, of which a member is read when it is asked for.</summary>
/// <remarks>Strangers' events say what they like, so a member that is absent or of another kind is null, as <see cref="JsonMembers"/> has it; so is one whose name is written with an escape. Safe for all threads.</remarks>
public sealed class CanonicalObject
{
    private readonly ReadOnlyMemory<byte> text;
    private MemberPlace[]? places;

    /// <param name="text">A JSON object, canonical.</param>
    /// <param name="places">Where its members stand; found when first asked for where that is null.</param>
    internal CanonicalObject(ReadOnlyMemory<byte> text, MemberPlace[]? places = null)
    {
        this.text = text;
        this.places = places;
    }

    /// <summary>All of it, as UTF-8.</summary>
    public ReadOnlySpan<byte> Text => text.Span;

    /// <summary>All of it, read.</summary>
    public JsonElement ToElement() => JsonElement.Parse(Text);

    /// <summary>All of it, read by the one JSON policy.</summary>
    /// <exception cref="JsonException">It has another shape.</exception>
    public T? Read<T>() => JsonSerializer.Deserialize<T>(Text, RefineryJson.Options);

    /// <summary>A member of one kind.</summary>
    /// <inheritdoc cref="JsonMembers.Member" path="/param" />
    public JsonElement? Member(string name, JsonValueKind kind) => Find(name, kind) is { } range ? JsonElement.Parse(Text[range]) : null;

    /// <summary>An object within; it shares the text.</summary>
    public CanonicalObject? Object(string name) => Find(name, JsonValueKind.Object) is { } range ? new CanonicalObject(text[range]) : null;

    /// <summary>True for a member that is <c>true</c>.</summary>
    public bool IsTrue(string name) => Find(name, JsonValueKind.True) is not null;

    /// <inheritdoc cref="JsonMembers.TextMember" />
    public string? TextMember(string name)
    {
        if (Find(name, JsonValueKind.String) is not { } range)
        {
            return null;
        }

        var written = Text[range];
        return written.Contains((byte)'\\') ? JsonMembers.Unescaped(written) : Encoding.UTF8.GetString(written[1..^1]);
    }

    /// <inheritdoc cref="JsonMembers.KeyMember" />
    public string? KeyMember(string name) => JsonMembers.Key(TextMember(name));

    /// <inheritdoc cref="JsonMembers.WholeMember" />
    public long? WholeMember(string name) =>
        Find(name, JsonValueKind.Number) is { } range && Utf8Parser.TryParse(Text[range], out long whole, out var read) && read == Text[range].Length ? whole : null;

    /// <summary>Where a member's value stands; null where there is none of the kind.</summary>
    private Range? Find(string name, JsonValueKind kind)
    {
        // From the end: of members with the same name the last one counts.
        places ??= PlacesIn(Text);
        for (var index = places.Length - 1; index >= 0; index--)
        {
            var place = places[index];
            if (Ascii.Equals(Text[place.Name..place.NameEnd], name))
            {
                return KindOf(Text[place.Value]) == kind ? place.Value..place.End : null;
            }
        }

        return null;
    }

    private static JsonValueKind KindOf(byte first) => first switch
    {
        (byte)'"' => JsonValueKind.String,
        (byte)'{' => JsonValueKind.Object,
        (byte)'[' => JsonValueKind.Array,
        (byte)'t' => JsonValueKind.True,
        (byte)'f' => JsonValueKind.False,
        (byte)'n' => JsonValueKind.Null,
        _ => JsonValueKind.Number,
    };

    private static MemberPlace[] PlacesIn(ReadOnlySpan<byte> text)
    {
        var found = new List<MemberPlace>(16);
        var reader = new Utf8JsonReader(text);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (name, length) = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            reader.Read();
            var value = (int)reader.TokenStartIndex;
            reader.Skip();
            found.Add(new MemberPlace(name, name + length, value, (int)reader.BytesConsumed));
        }

        return [.. found];
    }
}

/// <summary>Where a member stands in the text of its object, in bytes: its name without the quotes, and its value.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MemberPlace(int Name, int NameEnd, int Value, int End);
