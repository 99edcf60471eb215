using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.History;

/// <summary>Reads members of an event's payload: null where a member is absent or of another type.</summary>
internal static class PayloadReading
{
    extension(JsonElement payload)
    {
        /// <summary>A text without the NUL characters that a database cannot hold.</summary>
        public string? Text(string name) => payload.TextMember(name)?.Replace('\0', '\uFFFD');

        public bool IsTrue(string name) => payload.Member(name, JsonValueKind.True) is not null;

        public double? Number(string name) => payload.Member(name, JsonValueKind.Number)?.GetDouble();

        /// <summary>The JSON text of an object or array that is not empty.</summary>
        public string? Filled(string name, JsonValueKind kind) =>
            payload.Member(name, kind) is { } value && value.GetRawText() is { Length: > 2 } text ? text : null;
    }
}
