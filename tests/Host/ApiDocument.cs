using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refinery.Tests.Host;

/// <summary>The API's own description, as the tests walk it.</summary>
internal sealed class ApiDocument(JsonObject root)
{
    private static readonly string[] Methods = ["get", "post", "put", "delete"];

    public static async Task<ApiDocument> ReadAsync(RefineryHost host) =>
        new(JsonNode.Parse(await host.Http.GetStringAsync("/openapi/v1.json"))!.AsObject());

    public string Version => root["openapi"]!.GetValue<string>();

    public IReadOnlyList<ApiOperation> Operations =>
    [
        .. from path in root["paths"]!.AsObject()
           from method in path.Value!.AsObject()
           where Methods.Contains(method.Key, StringComparer.Ordinal)
           select new ApiOperation(this, method.Key.ToUpperInvariant(), path.Key, method.Value!.AsObject()),
    ];

    /// <summary>The schema behind a reference, or of the first kind a choice offers.</summary>
    public JsonObject? Resolve(JsonNode? schema)
    {
        while (schema is JsonObject at)
        {
            var branch = (at["anyOf"] ?? at["oneOf"])?.AsArray().FirstOrDefault(choice => choice!["type"]?.ToString() != "null");
            if (at["$ref"]?.GetValue<string>() is { } reference)
            {
                schema = root["components"]!["schemas"]![reference.Split('/')[^1]];
            }
            else if (branch is not null)
            {
                schema = branch;
            }
            else
            {
                return at;
            }
        }

        return null;
    }
}

/// <summary>One method on one path.</summary>
internal sealed record ApiOperation(ApiDocument Document, string Method, string Path, JsonObject Json)
{
    public JsonObject Answers => Json["responses"]!.AsObject();

    public IReadOnlyList<JsonObject> Parameters => [.. (Json["parameters"]?.AsArray() ?? []).Select(parameter => parameter!.AsObject())];

    /// <summary>The JSON body it takes; null when it takes none or another kind.</summary>
    public JsonObject? Body => Json["requestBody"]?["content"]?["application/json"]?.AsObject();

    public bool IsBodyRequired => Json["requestBody"]?["required"]?.GetValue<bool>() == true;

    public JsonObject? BodySchema => Document.Resolve(Body?["schema"]);

    /// <summary>The path with its names filled in: by the examples, or all by one value.</summary>
    public string Fill(string? name = null) => Parameters
        .Where(parameter => parameter["in"]!.GetValue<string>() == "path")
        .Aggregate(Path, (path, parameter) => path.Replace(
            $"{{{parameter["name"]}}}",
            name ?? Uri.EscapeDataString(JsonSerializer.Deserialize<string>(parameter["example"]) ?? "x"),
            StringComparison.Ordinal));

    public override string ToString() => $"{Method} {Path}";
}
