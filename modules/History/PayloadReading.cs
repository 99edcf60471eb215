using System.Text.Json;

namespace Refinery.History;

/// <summary>Reads members of an event's payload: null where a member is absent or of another type.</summary>
internal static class PayloadReading
{
    /// <summary>Indexed text is bounded by what an index entry holds.</summary>
    private const int LongestKey = 500;

    extension(JsonElement payload)
    {
        /// <summary>A text without the NUL characters that a database cannot hold.</summary>
        public string? Text(string name) =>
            payload.Member(name, JsonValueKind.String) is { } value ? value.GetString()?.Replace('\0', '\uFFFD') : null;

        /// <summary>A text short enough for an index.</summary>
        public string? Key(string name) => payload.Text(name) is { Length: <= LongestKey } text ? text : null;

        public bool IsTrue(string name) => payload.Member(name, JsonValueKind.True) is not null;

        public double? Number(string name) => payload.Member(name, JsonValueKind.Number) is { } value ? value.GetDouble() : null;

        public long? Whole(string name) =>
            payload.Member(name, JsonValueKind.Number) is { } value && value.TryGetInt64(out var whole) ? whole : null;

        /// <summary>The JSON text of an object or array that is not empty.</summary>
        public string? Filled(string name, JsonValueKind kind) =>
            payload.Member(name, kind) is { } value && value.GetRawText() is { Length: > 2 } text ? text : null;

        private JsonElement? Member(string name, JsonValueKind kind) =>
            payload.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
    }
}
