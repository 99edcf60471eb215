using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>The door of Logs: store, read, search and follow the logs of builds.</summary>
public sealed class LogsModule : IModule
{
    public string Name => "Logs";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(provider => LogArchive.Open(Path.Combine(provider.GetRequiredService<IDataDirectory>().Path, "logs")));
        services.AddSingleton<LogDrafts>();
        services.AddSingleton<LogStore>();
        services.AddSingleton<LiveLogStore>();
        services.AddSingleton<OwnTexts>();
        services.AddSingleton<HeldTexts>();
        services.AddSingleton<LogBodies>();
        services.AddSingleton<SharedTexts>();
        services.AddSingleton<ITextKeeper>(provider => provider.GetRequiredService<Database>().IsShared
            ? provider.GetRequiredService<SharedTexts>()
            : provider.GetRequiredService<OwnTexts>());
        services.AddSingleton<LogIntake>();
        services.AddSingleton<LogSearch>();
        services.AddSingleton<LiveLogs>();
        services.AddSingleton<LiveElsewhere>();
        services.AddSingleton<LogReader>();
        services.AddSingleton<ILogTexts>(provider => provider.GetRequiredService<LogReader>());
        services.AddSingleton<ILogs>(provider => provider.GetRequiredService<LiveLogs>());
        services.AddSingleton<IAudit>(provider => provider.GetRequiredService<Database>().IsShared
            ? ActivatorUtilities.CreateInstance<BodyAudit>(provider)
            : ActivatorUtilities.CreateInstance<LogAudit>(provider));
        services.AddSingleton<IProjection, LogProjection>();
        services.AddHostedService<LogRecovery>();
        services.AddHostedService<LogTakeIn>();
        services.AddHostedService<LiveBroadcast>();
    }

    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapLogs();
        routes.MapLogStreams();
    }
}
