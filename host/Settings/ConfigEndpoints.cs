namespace Refinery.Host.Settings;

/// <summary>Shows how this host is set up.</summary>
internal static class ConfigEndpoints
{
    public static void MapConfig(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/config", async (ConfigView view, CancellationToken cancellationToken) => TypedResults.Ok(await view.ReadAsync(cancellationToken)))
            .WithTags("System")
            .WithName("Config")
            .WithSummary("How this host is set up.")
            .WithDescription("Strategy, target, index, queue backend, database, worker, flags, limits and version. Never a token, a password or the userinfo of a URL.");
}
