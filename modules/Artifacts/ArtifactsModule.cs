using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The door of Artifacts: manifests and the content-addressed files.</summary>
public sealed class ArtifactsModule : IModule
{
    public string Name => "Artifacts";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ArtifactOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ArtifactFiles>();
        services.AddSingleton<IArtifacts>(provider => provider.GetRequiredService<ArtifactFiles>());
        services.AddSingleton<IProjection, ManifestProjection>();
        services.AddHostedService<ArtifactSweep>();
    }

    public void AddRoutes(IEndpointRouteBuilder routes) => routes.MapArtifacts();
}
