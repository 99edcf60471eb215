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
            var item = await context.GetOrCreateSchemaAsync(type.GetGenericArguments()[0], parameterDescription: null, cancellationToken);
            schema.AnyOf = [item, new OpenApiSchema { Type = JsonSchemaType.Array, Items = item }];
        }
    }
}
