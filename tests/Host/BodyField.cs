using System.Text.Json.Nodes;

namespace Refinery.Tests.Host;

/// <summary>A member of a request's body, or of the items of a list in it.</summary>
/// <param name="Path">The members that lead to it; a list is entered at its first item.</param>
/// <param name="Schema">What is known of it.</param>
/// <param name="IsRequired">Whether the request is wrong without it.</param>
internal sealed record BodyField(ApiOperation Operation, IReadOnlyList<string> Path, JsonObject Schema, bool IsRequired)
{
    private const int Deepest = 2;

    public string Name => Path[^1];

    public string[] Types => Schema["type"] is JsonArray several
        ? [.. several.Select(type => type!.GetValue<string>())]
        : Schema["type"] is { } one ? [one.GetValue<string>()] : [];

    public bool IsText => Types.Contains("string", StringComparer.Ordinal);

    public bool IsList => Types.Contains("array", StringComparer.Ordinal);

    /// <summary>Whether it is a list of texts, for which each item is a text of its own.</summary>
    public bool IsTexts => IsList && Operation.Document.Resolve(Schema["items"])?["type"]?.ToString() == "string";

    /// <summary>Every member of an operation's body.</summary>
    public static IEnumerable<BodyField> Of(ApiOperation operation) => operation.BodySchema is { } schema ? Of(operation, schema, []) : [];

    /// <summary>The operation's example with this member as the change makes it.</summary>
    public string Changed(Action<JsonObject, string> change)
    {
        var example = Operation.Body!["example"]!.DeepClone();
        var (at, schema) = (Object(example), Operation.BodySchema!);
        foreach (var name in Path.SkipLast(1))
        {
            var item = Operation.Document.Resolve(Operation.Document.Resolve(schema["properties"]![name])!["items"])!;
            at[name] = at[name] is JsonArray { Count: > 0 } list ? list : new JsonArray(Sample(item));
            (at, schema) = (at[name]![0]!.AsObject(), item);
        }

        change(at, Name);
        return example.ToJsonString();
    }

    /// <summary>The example with this member set; a list of texts gets one item.</summary>
    public string With(JsonNode? value) => Changed((at, name) => at[name] = IsTexts && value is JsonValue ? new JsonArray(value.DeepClone()) : value?.DeepClone());

    public override string ToString() => string.Join('.', Path);

    private static IEnumerable<BodyField> Of(ApiOperation operation, JsonObject schema, IReadOnlyList<string> path)
    {
        var required = (schema["required"]?.AsArray() ?? []).Select(name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, member) in schema["properties"]?.AsObject() ?? [])
        {
            var field = new BodyField(operation, [.. path, name], operation.Document.Resolve(member) ?? [], required.Contains(name));
            yield return field;
            if (field.IsList && path.Count < Deepest && operation.Document.Resolve(field.Schema["items"]) is { } item)
            {
                foreach (var inner in Of(operation, item, field.Path))
                {
                    yield return inner;
                }
            }
        }
    }

    private static JsonObject Object(JsonNode example) => example is JsonArray list ? list[0]!.AsObject() : example.AsObject();

    /// <summary>An item with what it must have, where the example shows none.</summary>
    private JsonObject Sample(JsonObject schema)
    {
        var sample = new JsonObject();
        foreach (var name in (schema["required"]?.AsArray() ?? []).Select(name => name!.GetValue<string>()))
        {
            var type = Operation.Document.Resolve(schema["properties"]![name])?["type"]?.ToString();
            sample[name] = name == "sha256" ? new string('a', 64) : type == "integer" ? 1 : "x";
        }

        return sample;
    }
}
