using Refinery.Kernel;
using Refinery.Kernel.Web;

namespace Refinery.Host;

/// <summary>The door of the process itself: health, readiness, configuration, the session cookie.</summary>
internal sealed class SystemModule : IModule
{
    public string Name => "System";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
    }

    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("System");
        api.MapGet("/health", () => TypedResults.Ok(new HealthAnswer("ok")))
            .AllowAnyone()
            .WithName("Health")
            .WithSummary("Whether the process lives.");
    }
}

/// <summary>The process lives.</summary>
internal sealed record HealthAnswer(string Status);
