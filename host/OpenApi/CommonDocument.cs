using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Refinery.Kernel.Web;

namespace Refinery.Host.OpenApi;

/// <summary>Completes the document: what it is, how tokens travel, and an example of every request and answer.</summary>
internal sealed class CommonDocument : IOpenApiDocumentTransformer
{
    public const string GraphScheme = "graphBearer";

    public static readonly string[] WorkerSchemes = ["workerHeader", "workerBearer", "workerQuery", "workerCookie"];

    private const string Introduction =
        "Rebuilds Python wheels from source and keeps the books. JSON in snake_case; instants are ISO 8601 in UTC; every error has one body (ErrorBody). "
        + "X-Correlation-ID is taken from the request or made, and is on every answer. Lists take limit and offset.";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo { Title = "Refinery", Version = RefineryVersion.Text, Description = Introduction };
        AddSchemes(document);
        TidySchemas(document);
        foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations ?? []))
        {
            AddExamples(operation.Value);
        }

        return Task.CompletedTask;
    }

    /// <summary>Members without a value are left out of answers, so none that may be null is required; and no answer is the framework's own problem.</summary>
    private static void TidySchemas(OpenApiDocument document)
    {
        var schemas = document.Components?.Schemas ?? throw new InvalidOperationException("The document has no schemas.");
        schemas.Remove("ProblemDetails");
        foreach (var schema in schemas.Values.OfType<OpenApiSchema>())
        {
            schema.Required = schema.Required?
                .Where(name => !(schema.Properties?.TryGetValue(name, out var member) == true && MayBeNull(member)))
                .ToHashSet(StringComparer.Ordinal);
        }
    }

    private static bool MayBeNull(IOpenApiSchema schema) =>
        schema.Type?.HasFlag(JsonSchemaType.Null) == true || (schema.OneOf ?? []).Concat(schema.AnyOf ?? []).Any(MayBeNull);

    private static void AddSchemes(OpenApiDocument document)
    {
        const string when = "Needed where WORKER_TOKEN is set.";
        document.AddComponent(WorkerSchemes[0], Key("X-Worker-Token", ParameterLocation.Header, when));
        document.AddComponent(WorkerSchemes[1], Bearer(when));
        document.AddComponent(WorkerSchemes[2], Key("token", ParameterLocation.Query, when));
        document.AddComponent(WorkerSchemes[3], Key("worker_token", ParameterLocation.Cookie, when + " A write then needs Content-Type: application/json."));
        document.AddComponent(GraphScheme, Bearer("LEVIATHAN_CONTROL_PLANE_TOKEN; always needed."));
    }

    private static OpenApiSecurityScheme Key(string name, ParameterLocation place, string description) =>
        new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, Name = name, In = place, Description = description };

    private static OpenApiSecurityScheme Bearer(string description) =>
        new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = description };

    private static void AddExamples(OpenApiOperation operation)
    {
        var given = operation.Metadata?.TryGetValue(CommonAnswers.ExampleKey, out var found) == true ? found as ApiExample : null;
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            parameter.Example ??= parameter.Schema is { } schema ? ExampleWriter.Write(schema, parameter.Name ?? string.Empty, isRequest: true) : null;
        }

        foreach (var content in (operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)).Values)
        {
            Fill(content, given?.Request, isRequest: true);
        }

        foreach (var (status, answer) in operation.Responses ?? [])
        {
            if (int.Parse(status, CultureInfo.InvariantCulture) < 300)
            {
                foreach (var content in (answer.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)).Values)
                {
                    Fill(content, given?.Answer, isRequest: false);
                }
            }
        }
    }

    private static void Fill(OpenApiMediaType content, string? given, bool isRequest)
    {
        if (content.Schema is { } schema)
        {
            content.Example ??= given is null ? ExampleWriter.Write(schema, string.Empty, isRequest) : JsonNode.Parse(given);
        }
    }
}
