using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Refinery.Contract;
using Refinery.Kernel;

namespace Refinery.HttpSteps;

/// <summary>The door of HttpSteps: step types that a service behind a URL does.</summary>
public sealed class HttpStepsModule : IModule
{
    public string Name => "HttpSteps";

    public void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HttpStepOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => new StepCaller(
            new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan },
            provider.GetRequiredService<IOptions<HttpStepOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        foreach (var target in HttpStepTarget.Read(configuration["HTTP_STEPS"]))
        {
            services.AddSingleton<IStepHandler>(provider => new HttpStepHandler(target, provider.GetRequiredService<StepCaller>()));
        }
    }

    public void AddRoutes(IEndpointRouteBuilder routes)
    {
    }
}
