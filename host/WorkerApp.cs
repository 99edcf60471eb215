using Refinery.Artifacts;
using Refinery.Builds;
using Refinery.Kernel.Work;
using Refinery.Worker;

namespace Refinery.Host;

/// <summary>The application of a worker: handlers, a folder for what is under way, and HTTP to the server; no database, no port.</summary>
internal static class WorkerApp
{
    /// <summary>Builds the application; nothing is opened yet.</summary>
    /// <param name="settings">They win over the environment.</param>
    /// <param name="configure">Services that come before ours.</param>
    /// <exception cref="StartupException">A setting is wrong.</exception>
    public static IHost Build(IEnumerable<KeyValuePair<string, string?>> settings, Action<IServiceCollection>? configure = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(settings);
        var services = builder.Services;
        configure?.Invoke(services);
        RefineryApp.AddGround(services, builder.Configuration);
        BuildsModule.AddWork(services, builder.Configuration);
        ArtifactsModule.AddFiles(services);
        new WorkerModule().AddServices(services, builder.Configuration);
        OptionsCheck.Run(services, builder.Configuration);
        RefineryApp.AddPlugins(services, builder.Configuration);
        return builder.Build();
    }

    /// <summary>Holds the folder and looks whether everything the worker needs is there.</summary>
    /// <exception cref="StartupException">Something is wrong that a person must mend.</exception>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var data = services.GetRequiredService<DataDirectory>();
        data.Open();
        if (File.Exists(Path.Combine(data.Path, DatabaseOpener.FileName)))
        {
            throw new StartupException($"DATA_DIR '{data.Path}' holds a server's books; a folder of its own is expected for a worker.");
        }

        await RefineryApp.OpenPluginsAsync(services, cancellationToken);
        foreach (var check in services.GetServices<ISmokeCheck>())
        {
            if (await check.FaultAsync(cancellationToken) is { } fault)
            {
                throw new StartupException(fault);
            }
        }
    }
}
