using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;

namespace Refinery.Queue;

/// <summary>The door of Queue: enqueue, list, count and clear wheel builds.</summary>
public sealed class QueueModule : IModule
{
    public string Name => "Queue";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
    }

    public void AddRoutes(IEndpointRouteBuilder routes) => routes.MapQueue();
}
