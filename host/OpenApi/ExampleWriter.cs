using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Refinery.Host.OpenApi;

/// <summary>Makes an example from a schema: every member gets the value its name stands for, so that the examples agree with each other.</summary>
internal static class ExampleWriter
{
    private const int Deepest = 8;
    private static readonly JsonObject Words = ReadWords("OpenApi/words.json");

    /// <summary>What answers alone show, by member or by <c>Schema.member</c>.</summary>
    private static readonly JsonObject AnswerWords = ReadWords("OpenApi/answers.json");

    /// <summary>An example of the schema.</summary>
    /// <param name="name">The member's name; empty at the top.</param>
    /// <param name="isRequest">A request shows what must be sent and what has a word; an answer shows everything.</param>
    public static JsonNode? Write(IOpenApiSchema schema, string name, bool isRequest) => Write(schema, name, isRequest, 0);

    private static JsonNode? Write(IOpenApiSchema schema, string name, bool isRequest, int depth)
    {
        if (Words[name] is { } word && Fits(word, schema))
        {
            return word.DeepClone();
        }

        var branches = (schema.AnyOf ?? []).Concat(schema.OneOf ?? []).Where(branch => branch.Type != JsonSchemaType.Null).ToList();
        if (branches.Count > 0 || depth > Deepest)
        {
            return depth > Deepest ? null : Write(branches[0], name, isRequest, depth + 1);
        }

        return (schema.Type & ~JsonSchemaType.Null) switch
        {
            JsonSchemaType.String => schema.Enum is { Count: > 0 } words ? words[0].DeepClone() : schema.Format == "date-time" ? "2026-01-24T10:00:00.000000Z" : "text",
            JsonSchemaType.Integer => 1,
            JsonSchemaType.Number => 1.5,
            JsonSchemaType.Boolean => true,
            JsonSchemaType.Array => schema.Items is { } items ? new JsonArray(Write(items, name, isRequest, depth + 1)) : [],
            JsonSchemaType.Object => WriteObject(schema, isRequest, depth),
            _ => new JsonObject(),
        };
    }

    private static JsonObject WriteObject(IOpenApiSchema schema, bool isRequest, int depth)
    {
        var example = new JsonObject();
        foreach (var (name, member) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal))
        {
            if (!isRequest || schema.Required?.Contains(name) == true || Words.ContainsKey(name))
            {
                example[name] = (isRequest ? null : AnswerWord(schema, name, member)) ?? Write(member, name, isRequest, depth + 1);
            }
        }

        return example;
    }

    private static JsonNode? AnswerWord(IOpenApiSchema owner, string name, IOpenApiSchema member)
    {
        var own = owner is OpenApiSchemaReference { Reference.Id: { } id } ? AnswerWords[$"{id}.{name}"] : null;
        return own?.DeepClone() ?? (AnswerWords[name] is { } word && Fits(word, member) ? word.DeepClone() : null);
    }

    /// <summary>A word is used where its kind is allowed; a schema without a type allows all.</summary>
    private static bool Fits(JsonNode word, IOpenApiSchema schema) => schema.Type is not { } allowed || word switch
    {
        JsonArray => allowed.HasFlag(JsonSchemaType.Array),
        JsonObject => allowed.HasFlag(JsonSchemaType.Object),
        JsonValue value when value.TryGetValue<string>(out _) => allowed.HasFlag(JsonSchemaType.String),
        JsonValue value when value.TryGetValue<bool>(out _) => allowed.HasFlag(JsonSchemaType.Boolean),
        _ => allowed.HasFlag(JsonSchemaType.Integer) || allowed.HasFlag(JsonSchemaType.Number),
    };

    private static JsonObject ReadWords(string name)
    {
        using var words = typeof(ExampleWriter).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException("The example words are not in the program.");
        return JsonNode.Parse(words) as JsonObject ?? throw new InvalidOperationException("The example words are no object.");
    }
}
