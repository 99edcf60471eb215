using Microsoft.FeatureManagement;
using Refinery.Host.Health;
using Refinery.Host.Metrics;
using Refinery.Host.OpenApi;
using Refinery.Host.Proxy;
using Refinery.Host.Settings;
using Refinery.Host.Web;
using Refinery.Kernel;
using Refinery.Kernel.Work;

namespace Refinery.Host;

/// <summary>The door of the process itself: health, readiness, configuration, metrics, session cookie, worker trigger.</summary>
internal sealed class SystemModule : IModule
{
    public string Name => "System";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddFeatureManagement(configuration.GetSection("FeatureManagement"));
        services.AddSingleton<Readiness>();
        services.AddSingleton<ConfigView>();
        services.AddMetricsText();
        services.AddApiDescription();
        services.AddOptions<ProxyOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddHttpForwarder();
        services.AddSingleton<WorkerProxy>();
        services.AddSingleton<WorkerCommand>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkerCommand>());
        services.AddSingleton<WorkerTrigger>();
        services.AddSingleton<Smoke>();
        services.AddSingleton<ISmokeCheck, FolderCheck>();
        services.AddSingleton<ISmokeCheck, WebhookCheck>();
        services.AddSingleton<ISmokeCheck, CommandCheck>();
    }

    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapHealth();
        routes.MapConfig();
        routes.MapMetrics();
        routes.MapSession();
        routes.MapWorker();
        routes.MapApiDescription();
    }
}
