using System.Text.Json;
using System.Text.Json.Serialization;
using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Web;

/// <summary>Instants on the wire: written as ISO 8601 UTC with microseconds and <c>Z</c>; read as ISO 8601 or as unix seconds.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var seconds)
            && seconds is >= -62_135_596_800 and <= 253_402_300_799)
        {
            return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        }

        return reader.TokenType == JsonTokenType.String && Instant.TryParse(reader.GetString(), out var instant)
            ? instant
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Instant.Format(value));
}
