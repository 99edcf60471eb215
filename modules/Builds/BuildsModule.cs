using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Builds.Index;
using Refinery.Builds.Processes;
using Refinery.Builds.Records;
using Refinery.Contract;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The door of Builds: the wheel build itself, and all builds as others see them.</summary>
public sealed class BuildsModule : IModule
{
    /// <summary>The runners that need no plugin, by their words for <c>BUILD_RUNNER</c>.</summary>
    public static IReadOnlyList<string> Runners { get; } = ["container", "process"];

    public string Name => "Builds";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        AddWork(services, configuration);
        services.AddSingleton<StoredWheelStore>();
        services.AddSingleton<IProjection, StoredWheelProjection>();
        services.AddSingleton<StoredWheels>();
        services.AddSingleton<BuildStore>();
        services.AddSingleton<AttemptStore>();
        services.AddSingleton<BuildCounterStore>();
        services.AddSingleton<BuildReader>();
        services.AddSingleton<BuildCancel>();
        services.AddSingleton<ISupersede>(provider => provider.GetRequiredService<BuildCancel>());
        services.AddSingleton<IProjection, BuildProjection>();
        services.AddSingleton<IRebuildPlanner, RebuildPlanner>();
        services.AddSingleton<IBuildTarget, ConfiguredTarget>();
        services.AddSingleton<ISmokeCheck, InterpreterCheck>();
        services.AddSingleton<ISmokeCheck, SourcesCheck>();
        services.AddSingleton<ISmokeCheck, RunnerCheck>();
    }

    /// <summary>Registers what building takes, without the books: a worker on another machine builds and keeps none.</summary>
    public static void AddWork(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BuildOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SourcesInForce>();
        services.AddSingleton<ChildProcess>();
        services.AddSingleton<Leftovers>();
        services.AddSingleton<BuildEnvironment>();
        services.AddSingleton<BuildCommands>();
        services.AddSingleton<ContainerEngine>();
        services.AddSingleton<TargetInterpreter>();
        services.AddSingleton(_ => Surroundings.Read());
        services.AddSingleton<RecipePolicy>();
        services.AddSingleton<RecipeApplier>();
        services.AddSingleton<BuildDiagnosis>();
        services.AddSingleton(provider => new PackageIndex(
            new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = true, MaxAutomaticRedirections = 5 }), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SdistSource>();
        services.AddSingleton<ProcessRunner>();
        services.AddSingleton<ContainerRunner>();
        services.AddSingleton<IBuildRunner>(provider => RunnerIn(configuration) == "container"
            ? provider.GetRequiredService<ContainerRunner>()
            : provider.GetRequiredService<ProcessRunner>());
        services.AddSingleton<IStepHandler, WheelBuildHandler>();
        services.AddHostedService<LeftoverStart>();
    }

    /// <summary>What <c>BUILD_RUNNER</c> says. A runner of a plugin is registered after <see cref="AddWork"/> and takes the place of ours.</summary>
    public static string RunnerIn(IConfiguration configuration) => (configuration.Get<BuildOptions>() ?? new()).Runner;

    public void AddRoutes(IEndpointRouteBuilder routes) => routes.MapBuilds();
}
