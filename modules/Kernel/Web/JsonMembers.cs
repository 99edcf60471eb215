using System.Runtime.InteropServices;
using System.Text.Json;

namespace Refinery.Kernel.Web;

/// <summary>Reads members of JSON that others wrote: what is absent or of another kind is null, and so is everything of what is no object.</summary>
public static class JsonMembers
{
    /// <summary>Indexed text is bounded by what an index entry holds.</summary>
    private const int LongestKey = 500;

    /// <param name="owner">Any JSON value.</param>
    extension(JsonElement owner)
    {
        /// <summary>A member of one kind.</summary>
        /// <param name="name">The member's name, letter by letter.</param>
        /// <param name="kind">What it must be; <see cref="JsonValueKind.True"/> and <see cref="JsonValueKind.False"/> are two kinds.</param>
        public JsonElement? Member(string name, JsonValueKind kind) =>
            owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;

        /// <summary>A text; what cannot be kept of it is replaced, as <see cref="JsonText"/> has it.</summary>
        /// <param name="name">The member's name, letter by letter.</param>
        public string? TextMember(string name) => owner.Member(name, JsonValueKind.String) is { } value ? Text(value) : null;

        /// <summary>A text short enough to be in an index; null where it is longer.</summary>
        /// <param name="name">The member's name, letter by letter.</param>
        public string? KeyMember(string name) => Key(owner.TextMember(name));

        /// <summary>A whole number; null where it is broken or beyond 64 bits.</summary>
        /// <param name="name">The member's name, letter by letter.</param>
        public long? WholeMember(string name) =>
            owner.Member(name, JsonValueKind.Number) is { } value && value.TryGetInt64(out var whole) ? whole : null;
    }

    private static string? Text(JsonElement value)
    {
        var written = JsonMarshal.GetRawUtf8Value(value);
        return written.Contains((byte)'\\') ? Unescaped(written) : value.GetString();
    }

    /// <summary>A text short enough to be in an index; null where it is longer.</summary>
    internal static string? Key(string? text) => text is { Length: <= LongestKey } ? text : null;

    /// <summary>What a text in quotes says, without what cannot be kept of it.</summary>
    internal static string? Unescaped(ReadOnlySpan<byte> written)
    {
        var cleaned = written.ToArray();
        JsonText.Clean(cleaned);
        return JsonSerializer.Deserialize<string>(cleaned);
    }
}
