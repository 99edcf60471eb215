using System.Text.Json;
using Refinery.Kernel.Journal;

namespace Refinery.History;

/// <summary>Reads members of an event's payload: null where a member is absent or of another type.</summary>
internal static class PayloadReading
{
    extension(CanonicalObject payload)
    {
        /// <summary>A text without the NUL characters that a database cannot hold.</summary>
        public string? Text(string name) => payload.TextMember(name)?.Replace('\0', '\uFFFD');

        public double? Number(string name) => payload.Member(name, JsonValueKind.Number)?.GetDouble();

        /// <summary>The JSON text of an object or array that is not empty.</summary>
        public string? Filled(string name, JsonValueKind kind) =>
            payload.Member(name, kind) is { } value && value.GetRawText() is { Length: > 2 } text ? text : null;
    }
}
