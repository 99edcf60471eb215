using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Graph;

/// <summary>The door of Graph: events from executors in, what follows from them out.</summary>
public sealed class GraphModule : IModule
{
    /// <inheritdoc />
    public string Name => "Graph";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<GraphReader>();
        services.AddSingleton<Ingest>();
        services.AddSingleton<IStepJournal, StepJournal>();
        services.AddSingleton<IProjection, GraphProjection>();
    }

    /// <inheritdoc />
    public void AddRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapIngest();
        routes.MapGraph();
        routes.MapJournal();
    }
}
