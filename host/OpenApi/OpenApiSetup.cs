using System.Collections.Concurrent;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Refinery.Kernel.Web;

namespace Refinery.Host.OpenApi;

/// <summary>Describes every route at <c>/openapi/v1.json</c>, made from the routes themselves when somebody asks.</summary>
internal static class OpenApiSetup
{
    public static void AddApiDescription(this IServiceCollection services)
    {
        var names = new ConcurrentDictionary<string, Type>(StringComparer.Ordinal);
        services.AddOpenApi(options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.CreateSchemaReferenceId = type => NameOf(type, names);
            options.AddSchemaTransformer<SchemaShapes>();
            options.AddOperationTransformer<CommonAnswers>();
            options.AddDocumentTransformer<CommonDocument>();
        });
    }

    public static void MapApiDescription(this IEndpointRouteBuilder routes) => routes.MapOpenApi().AllowAnyone();

    /// <summary>Records of two modules may share a name; the second then carries its module's.</summary>
    private static string? NameOf(JsonTypeInfo type, ConcurrentDictionary<string, Type> names)
    {
        if (OpenApiOptions.CreateDefaultSchemaReferenceId(type) is not { } name)
        {
            return null;
        }

        return names.GetOrAdd(name, type.Type) == type.Type ? name : $"{type.Type.Namespace?.Split('.')[^1]}{name}";
    }
}
