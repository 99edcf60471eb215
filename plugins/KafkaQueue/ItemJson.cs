using System.Text.Json;
using System.Text.Json.Serialization;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>An item as a message's value: one JSON object with the item's members.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(QueueItem))]
internal sealed partial class ItemJson : JsonSerializerContext
{
    public static byte[] Write(QueueItem item) => JsonSerializer.SerializeToUtf8Bytes(item, Default.QueueItem);

    /// <summary>Null when it is no item.</summary>
    public static QueueItem? Read(byte[]? value)
    {
        try
        {
            return value is null ? null : JsonSerializer.Deserialize(value, Default.QueueItem);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
