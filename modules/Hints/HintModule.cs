using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Hints;

/// <summary>The door of the hints: what is known about failing builds and what mends them.</summary>
public sealed class HintModule : IModule
{
    /// <inheritdoc />
    public string Name => "Hints";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<HintStore>();
        services.AddSingleton<IProjection, HintProjection>();
        services.AddSingleton<IHints, HintFinder>();
        services.AddOptions<HintOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<HintSeeding>();
    }

    /// <inheritdoc />
    public void AddRoutes(IEndpointRouteBuilder routes) => routes.MapGroup("/api/hints").WithTags("Hints").MapHintEndpoints();
}
