using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Refinery.Kernel.Web;

namespace Refinery.Host.OpenApi;

/// <summary>Adds to every operation what all share: the errors in their one body, the token, the parameters it reads by itself.</summary>
internal sealed class CommonAnswers(IOptions<HostOptions> options) : IOpenApiOperationTransformer
{
    public const string ExampleKey = "refinery-example";

    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        AddParameters(operation, metadata);
        var rule = metadata.OfType<TokenMetadata>().LastOrDefault()?.Rule ?? TokenRule.Read;
        var document = context.Document ?? throw new InvalidOperationException("An operation is described outside a document.");
        var error = await ErrorSchemaAsync(document, context, cancellationToken);
        operation.Responses ??= [];
        foreach (var status in Statuses(operation, rule).Where(status => !IsOwn(operation, status)))
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = Answer(status, error, context.Description.RelativePath ?? string.Empty);
        }

        AddSecurity(operation, rule, document);
        if (metadata.OfType<ApiExample>().LastOrDefault() is { } example)
        {
            operation.Metadata ??= new Dictionary<string, object>(StringComparer.Ordinal);
            operation.Metadata[ExampleKey] = example;
        }
    }

    private static void AddParameters(OpenApiOperation operation, IList<object> metadata)
    {
        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<QueryParameter>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Description = parameter.Description,
                Schema = new OpenApiSchema
                {
                    Type = parameter.Type switch
                    {
                        "string" => JsonSchemaType.String,
                        "integer" => JsonSchemaType.Integer,
                        "boolean" => JsonSchemaType.Boolean,
                        _ => throw new InvalidOperationException($"The parameter type '{parameter.Type}' is unknown."),
                    },
                },
                Example = parameter.Example is null ? null : parameter.Type == "string" ? JsonValue.Create(parameter.Example) : JsonNode.Parse(parameter.Example),
            });
        }
    }

    private static async Task<OpenApiSchemaReference> ErrorSchemaAsync(
        OpenApiDocument document, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (document.Components?.Schemas?.ContainsKey(nameof(ErrorBody)) != true)
        {
            document.AddComponent(nameof(ErrorBody), await context.GetOrCreateSchemaAsync(typeof(ErrorBody), parameterDescription: null, cancellationToken));
        }

        return new OpenApiSchemaReference(nameof(ErrorBody), document);
    }

    /// <summary>The errors the endpoint names, and those that anything of its kind can answer.</summary>
    private static SortedSet<int> Statuses(OpenApiOperation operation, TokenRule rule)
    {
        var named = (operation.Responses ?? []).Where(answer => IsProblem(answer.Value)).Select(answer => int.Parse(answer.Key, CultureInfo.InvariantCulture));
        SortedSet<int> statuses =
        [
            .. named, StatusCodes.Status403Forbidden, StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable,
        ];
        if (operation.RequestBody is not null)
        {
            statuses.UnionWith(
            [
                StatusCodes.Status400BadRequest, StatusCodes.Status408RequestTimeout,
                StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType,
            ]);
        }

        if (operation.Parameters is { Count: > 0 })
        {
            statuses.Add(StatusCodes.Status400BadRequest);
        }

        if (rule != TokenRule.Open)
        {
            statuses.Add(StatusCodes.Status401Unauthorized);
        }

        if (rule == TokenRule.Write)
        {
            // A write by cookie without a JSON content type.
            statuses.Add(StatusCodes.Status415UnsupportedMediaType);
        }

        return statuses;
    }

    /// <summary>Whether the endpoint answers this status with a body of its own.</summary>
    private static bool IsOwn(OpenApiOperation operation, int status) =>
        operation.Responses?.TryGetValue(status.ToString(CultureInfo.InvariantCulture), out var answer) == true && !IsProblem(answer);

    private static bool IsProblem(IOpenApiResponse answer) =>
        answer.Content?.Keys.Any(type => type.Contains("problem", StringComparison.Ordinal)) == true;

    private static OpenApiResponse Answer(int status, OpenApiSchemaReference error, string path)
    {
        var (title, code) = ErrorBody.Words(status);
        return new OpenApiResponse
        {
            Description = title,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/json"] = new OpenApiMediaType
                {
                    Schema = error,
                    Example = new JsonObject
                    {
                        ["error"] = title,
                        ["detail"] = "One sentence that names what is wrong and what would be right.",
                        ["error_type"] = code,
                        ["timestamp"] = "2026-01-24T10:00:00.000000Z",
                        ["path"] = "/" + path,
                        ["correlation_id"] = "b31daa7adba3634bd4911d079eacfa84",
                    },
                },
            },
        };
    }

    private void AddSecurity(OpenApiOperation operation, TokenRule rule, OpenApiDocument document)
    {
        var readIsOpen = options.Value.AuthReads == "open";
        string[] schemes = rule switch
        {
            TokenRule.Write => CommonDocument.WorkerSchemes,
            TokenRule.Graph => [CommonDocument.GraphScheme],
            TokenRule.Read => readIsOpen ? [] : CommonDocument.WorkerSchemes,
            TokenRule.Open => [],
            _ => throw new InvalidOperationException($"The token rule {rule} is unknown."),
        };
        operation.Security = [.. schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] })];
    }
}
