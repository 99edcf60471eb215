using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>The door of Worker: a pod on another machine, which knows the server by HTTP alone. Only the verb <c>worker</c> opens it.</summary>
public sealed class WorkerModule : IModule
{
    public string Name => "Worker";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WorkerOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ServerConnection>();
        services.AddSingleton<WorkProtocol>();
        services.AddSingleton<WorkerIdentity>();
        services.AddSingleton<WorkerKinds>();
        services.AddSingleton<RemoteLogs>();
        services.AddSingleton<ILogs>(provider => provider.GetRequiredService<RemoteLogs>());
        services.AddSingleton<IHints, RemoteHints>();
        services.AddSingleton<Outbox>();
        services.AddSingleton<Delivery>();
        services.AddSingleton<IStepReports, RemoteReports>();
        services.AddSingleton<HandlerTable>();
        services.AddSingleton<StepRunner>();
        services.AddSingleton<RemotePod>();
        services.AddSingleton<Heartbeat>();
        services.AddSingleton<ISmokeCheck, KindsCheck>();
        services.AddSingleton<ISmokeCheck, ServerCheck>();
        services.AddHostedService<OutboxLoop>(); // First here, so last to stop: what the pod leaves is delivered.
        services.AddHostedService<HeartbeatLoop>();
        services.AddHostedService<RenewalLoop>();
        services.AddHostedService<ClaimWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<RemotePod>());
    }

    /// <summary>Nobody calls a worker.</summary>
    public void AddRoutes(IEndpointRouteBuilder routes)
    {
    }
}
