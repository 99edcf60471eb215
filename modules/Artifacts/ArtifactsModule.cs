using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The door of Artifacts: the wheels themselves and the manifest of what each run made.</summary>
public sealed class ArtifactsModule : IModule
{
    /// <inheritdoc />
    public string Name => "Artifacts";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ArtifactOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(ArtifactPlaces.Open);
        AddStore(services);
        services.AddSingleton<IAudit, ArtifactAudit>();
        services.AddSingleton<ArtifactCollection>();
        services.AddSingleton<ManifestStore>();
        services.AddSingleton<IManifest, RunManifest>();
        services.AddSingleton<IProjection, ManifestProjection>();
    }

    /// <summary>Registers the files alone, in DATA_DIR and without the books: a worker keeps a wheel until the server has it.</summary>
    public static void AddFiles(IServiceCollection services)
    {
        services.AddSingleton(ArtifactPlaces.OpenOwn);
        AddStore(services);
    }

    /// <inheritdoc />
    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapManifest();
        routes.MapArtifacts();
        routes.MapCollection();
    }

    private static void AddStore(IServiceCollection services)
    {
        services.AddSingleton<ArtifactStore>();
        services.AddSingleton<IArtifacts>(provider => provider.GetRequiredService<ArtifactStore>());
        services.AddHostedService(provider => provider.GetRequiredService<ArtifactStore>());
    }
}
