using System.Text.Json;
using System.Text.Json.Serialization;

namespace Refinery.Kernel.Web;

/// <summary>A body that is one object or an array of them; the answer has the same shape.</summary>
/// <param name="Items">One or more.</param>
/// <param name="IsMany">True when an array was sent.</param>
[JsonConverter(typeof(OneOrManyConverter))]
public sealed record OneOrMany<T>(IReadOnlyList<T> Items, bool IsMany) : IChecked
{
    /// <summary>The first fault of an item, with its place in the array.</summary>
    public string? Fault()
    {
        if (Items.Count == 0)
        {
            return "The array is empty; at least one item is expected.";
        }

        for (var index = 0; index < Items.Count; index++)
        {
            if (Items[index] is null)
            {
                return $"Item {index} is null; a JSON object is expected.";
            }

            if ((Items[index] as IChecked)?.Fault() is { } fault)
            {
                return IsMany ? $"Item {index}: {fault}" : fault;
            }
        }

        return null;
    }
}

/// <summary>Makes the converter of each <see cref="OneOrMany{T}"/>.</summary>
internal sealed class OneOrManyConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(OneOrMany<>);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)(Activator.CreateInstance(typeof(Typed<>).MakeGenericType(typeToConvert.GetGenericArguments()))
            ?? throw new InvalidOperationException($"No converter for {typeToConvert}."));

    /// <summary>Reads one or many of a type.</summary>
    private sealed class Typed<T> : JsonConverter<OneOrMany<T>>
    {
        public override OneOrMany<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                return new OneOrMany<T>(JsonSerializer.Deserialize<T[]>(ref reader, options) ?? [], IsMany: true);
            }

            return JsonSerializer.Deserialize<T>(ref reader, options) is { } one
                ? new OneOrMany<T>([one], IsMany: false)
                : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, OneOrMany<T> value, JsonSerializerOptions options)
        {
            if (value.IsMany)
            {
                JsonSerializer.Serialize(writer, value.Items, options);
                return;
            }

            JsonSerializer.Serialize(writer, value.Items[0], options);
        }
    }
}
