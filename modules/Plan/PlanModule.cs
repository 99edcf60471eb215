using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Plan;

/// <summary>The door of Plan: what each run intends to do.</summary>
public sealed class PlanModule : IModule
{
    /// <inheritdoc />
    public string Name => "Plan";

    /// <inheritdoc />
    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<PlanStore>();
        services.AddSingleton<IPlans, RunPlans>();
        services.AddSingleton<IProjection, PlanProjection>();
    }

    /// <inheritdoc />
    public void AddRoutes(IEndpointRouteBuilder routes) => routes.MapPlan();
}
