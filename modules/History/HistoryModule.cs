using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.History;

/// <summary>The door of History: what happened to every wheel, and the live journal.</summary>
public sealed class HistoryModule : IModule
{
    /// <inheritdoc />
    public string Name => "History";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<HistoryStore>();
        services.AddSingleton<IHistory, RunHistory>();
        services.AddSingleton<HistoryCounterStore>();
        services.AddSingleton<IProjection, HistoryProjection>();
    }

    /// <inheritdoc />
    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("History");
        api.MapHistory();
        api.MapPackages();
        api.MapJournalStream();
    }
}
