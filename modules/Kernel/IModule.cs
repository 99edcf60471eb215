using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Refinery.Kernel;

/// <summary>The door of a module: parameterless and stateless. The host lists the doors by hand in <c>host/Modules.cs</c>.</summary>
public interface IModule
{
    /// <summary>The module's name, equal to its folder's.</summary>
    string Name { get; }

    /// <summary>Registers the module's stores, projections, loops and options. Runs before the database is opened.</summary>
    void AddServices(IServiceCollection services, IConfiguration configuration);

    /// <summary>Maps the module's endpoints.</summary>
    void AddRoutes(IEndpointRouteBuilder routes);
}
