using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>The door of Fleet: steps, claims, pods, retries, recovery.</summary>
public sealed class FleetModule : IModule
{
    /// <summary>The version a pod reports.</summary>
    internal static string Version { get; } = typeof(FleetModule).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    public string Name => "Fleet";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<FleetOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PodIdentity>();
        services.AddSingleton<StepCounters>();
        services.AddSingleton<DispatchQueue>();
        services.AddSingleton<WaitingLine>();
        services.AddSingleton<IWaitingLine>(provider => provider.GetRequiredService<WaitingLine>());
        services.AddSingleton<QueueRoom>();
        services.AddSingleton<WaitingClaims>();
        services.AddSingleton<StepIntake>();
        services.AddSingleton<Steps>();
        services.AddSingleton<ISteps>(provider => provider.GetRequiredService<Steps>());
        services.AddSingleton<ClaimBells>();
        services.AddSingleton<StepChanges>();
        services.AddSingleton<Pauses>();
        services.AddSingleton<StepClaims>();
        services.AddSingleton<StepEndings>();
        services.AddSingleton<Heartbeats>();
        services.AddSingleton<IRestore, StepRestore>();
        services.AddSingleton<IRestore, SubmissionRestore>();
        services.AddSingleton<LocalBeat>();
        services.AddSingleton<Election>();
        services.AddSingleton<FleetView>();
        services.AddSingleton<WaitingCauses>();
        services.AddSingleton<FleetMetrics>();
        services.AddSingleton<Refusals>();
        services.AddSingleton<IFence, Fence>();
        services.AddSingleton<Recovery>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<IProjection, DeadLetterProjection>();
        services.AddSingleton<IProjection, StepTotalProjection>();
        services.AddSingleton<IProjection, PausedTypeProjection>();
        services.AddSingleton<HandlerTable>();
        services.AddSingleton<IStepReports, LocalReports>();
        services.AddSingleton<StepRunner>();
        services.AddSingleton<LocalPod>();
        services.AddSingleton<IStepCancel, StepCancel>();
        services.AddSingleton<ILocalWorker>(provider => provider.GetRequiredService<LocalPod>());
        services.AddHostedService<FleetStart>();
        services.AddHostedService<QueueFillLoop>();
        services.AddHostedService<RecoveryLoop>();
        services.AddHostedService<HeartbeatLoop>();
        services.AddHostedService<ElectionLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<LocalPod>());
        services.AddHostedService<Farewell>(); // Last here, so first to hear of a stop.
    }

    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapWorkProtocol();
        routes.MapSteps();
        routes.MapPast();
        routes.MapWhy();
        routes.MapHealth();
        routes.MapFleetAdmin();
        routes.MapRecovery();
        routes.MapTypes();
    }
}
