using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Refinery.Kernel.Web;

namespace Refinery.Host.OpenApi;

/// <summary>Gives the types with a converter of ours the shape they have on the wire.</summary>
internal sealed class SchemaShapes : IOpenApiSchemaTransformer
{
    public async Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?))
        {
            schema.Type = type == typeof(DateTimeOffset) ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        else if (type == typeof(JsonElement) || type == typeof(JsonElement?))
        {
            schema.Description ??= "Any JSON.";
        }
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(OneOrMany<>))
        {
            var item = await ItemAsync(type.GetGenericArguments()[0], context, cancellationToken);
            schema.AnyOf = [item, new OpenApiSchema { Type = JsonSchemaType.Array, Items = item }];
        }
    }

    /// <summary>A reference to the item's own schema, so that it stands in the document once.</summary>
    private static async Task<OpenApiSchemaReference> ItemAsync(Type item, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var document = context.Document ?? throw new InvalidOperationException("A schema is described outside a document.");
        if (document.Components?.Schemas?.ContainsKey(item.Name) != true)
        {
            document.AddComponent(item.Name, await context.GetOrCreateSchemaAsync(item, parameterDescription: null, cancellationToken));
        }

        return new OpenApiSchemaReference(item.Name, document);
    }
}
