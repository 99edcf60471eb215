using System.Data.Common;
using System.Reflection;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Refinery.Builds;
using Refinery.Contract;
using Refinery.Host.Metrics;
using Refinery.Host.Plugins;
using Refinery.Host.Proxy;
using Refinery.Host.Traces;
using Refinery.Host.Web;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host;

/// <summary>The order of everything: services, middleware, routes, and what happens before the port opens.</summary>
internal static class RefineryApp
{
    /// <summary>Who brings schema texts: Kernel first, then the modules.</summary>
    public static IReadOnlyList<Assembly> Schemas { get; } =
        [.. Modules.All.Select(module => module.GetType().Assembly).Prepend(typeof(Database).Assembly).Distinct()];

    /// <summary>Builds the application; nothing is opened yet.</summary>
    /// <param name="args">Settings as <c>--NAME value</c>; they win over the environment.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyLimit.Default;

            // A name of 10,000 characters is answered by its route; only beyond this does the server cut the connection off.
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
        });
        configure?.Invoke(builder);
        AddServices(builder);

        var app = builder.Build();
        UseMiddleware(app);
        foreach (var module in Modules.All)
        {
            module.AddRoutes(app);
        }

        return app;
    }

    /// <summary>Opens the database and brings its schema up to date, before any service starts and the port opens.</summary>
    /// <exception cref="StartupException">Something is wrong that a person must mend.</exception>
    public static async Task PrepareAsync(WebApplication app, CancellationToken cancellationToken)
    {
        app.Services.GetRequiredService<DataDirectory>().Open();
        _ = app.Services.GetRequiredService<EventJournal>();
        await MigrateAsync(app.Services, cancellationToken);
        await JournalOnDisk.OpenAsync(app.Services, cancellationToken);
        await JournalTree.CompleteAsync(app.Services.GetRequiredService<Database>(), cancellationToken);
        _ = app.Services.GetRequiredService<CheckpointKey>();
        await app.Services.GetRequiredService<QueueHold>().TakeAsync(cancellationToken);
        await app.Services.GetRequiredService<QueueSlot>().OpenAsync(cancellationToken);
        await OpenPluginsAsync(app.Services, cancellationToken);
    }

    /// <summary>Opens what <see cref="AddPlugins"/> found.</summary>
    /// <exception cref="StartupException">Two handlers serve one step type.</exception>
    /// <exception cref="PluginException">A plugin cannot open.</exception>
    public static async Task OpenPluginsAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (services.GetService<RunnerSlot>() is { } slot)
        {
            await slot.OpenAsync(cancellationToken);
        }

        RequireOneHandlerForEachType(services);
    }

    /// <summary>Plugins are checked among themselves when they are loaded; a type of our own is known only now.</summary>
    private static void RequireOneHandlerForEachType(IServiceProvider services)
    {
        var handlers = services.GetServices<IStepHandler>().ToLookup(handler => handler.Type, StringComparer.Ordinal);
        if (handlers.FirstOrDefault(type => type.Count() > 1) is { } twice)
        {
            var last = twice.Last().GetType();
            throw new StartupException(
                $"Step type '{twice.Key}' is Refinery's own, but the plugin handler {last} in {last.Assembly.GetName().Name}.dll serves it too; give that one another type.");
        }
    }

    private static async Task MigrateAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var name = DatabaseOpener.Name(services.GetRequiredService<IOptions<HostOptions>>().Value, services.GetRequiredService<DataDirectory>());
        try
        {
            await Migrations.RunAsync(services.GetRequiredService<Database>(), Schemas, cancellationToken);
        }
        catch (Exception fault) when (fault is DbException or DatabaseUnavailableException)
        {
            throw new StartupException($"{name} cannot be opened: {(fault.InnerException ?? fault).Message.TrimEnd('.')}.", fault);
        }
        catch (InvalidOperationException fault)
        {
            throw new StartupException($"{name} belongs to another version of Refinery: {fault.Message.TrimEnd('.')}.", fault);
        }
    }

    /// <summary>What every process of ours stands on, with books or without: clock, ids, a folder of its own, time for its end, traces.</summary>
    public static void AddGround(IServiceCollection services, IConfiguration configuration)
    {
        TraceExport.Add(services, configuration);
        services.AddOptions<HostOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => ProcessVariables.Read());
        services.AddSingleton<Ids>();
        services.AddSingleton<DataDirectory>();
        services.AddSingleton<IDataDirectory>(provider => provider.GetRequiredService<DataDirectory>());
        services.AddOptions<Microsoft.Extensions.Hosting.HostOptions>()
            .Configure<IOptions<HostOptions>>((hosting, own) => hosting.ShutdownTimeout = own.Value.StopLimit);
    }

    /// <summary>What plugins bring to every process that works: handlers, and the runner of builds where BUILD_RUNNER names one.</summary>
    /// <returns>Where further plugins are found.</returns>
    public static PluginHost AddPlugins(IServiceCollection services, IConfiguration configuration)
    {
        var plugins = new PluginHost(Path.GetFullPath((configuration.Get<HostOptions>() ?? new HostOptions()).PluginsDirectory));
        services.AddSingleton(provider => new PluginContext(
            provider.GetRequiredService<IConfiguration>(),
            provider.GetRequiredService<IDataDirectory>().Path,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        if (plugins.LoadRunner(BuildsModule.RunnerIn(configuration), BuildsModule.Runners) is { } runner)
        {
            services.AddSingleton(provider => new RunnerSlot(runner, provider.GetRequiredService<PluginContext>()));
            services.AddSingleton(provider => provider.GetRequiredService<RunnerSlot>().Runner);
        }

        foreach (var handler in plugins.LoadHandlers())
        {
            services.AddSingleton(handler);
        }

        return plugins;
    }

    private static void AddServices(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        AddGround(services, builder.Configuration);
        services.TryAddSingleton(DatabaseOpener.Open);
        services.AddOptions<JournalOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<Database>().Notices);
        services.AddHostedService<NoticeLoop>();
        services.AddHostedService<ReachLoop>();
        services.AddSingleton<EventJournal>();
        services.AddSingleton<JournalFile>();
        services.AddSingleton<IProjection, JournalTree>();
        services.AddSingleton(CheckpointKeyFile.Open);
        services.AddSingleton<JournalProver>();
        services.Configure<JsonOptions>(json => RefineryJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddSingleton<IProblemDetailsWriter, ErrorWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<FaultTranslator>();
        services.AddCorsByAllowList();
        foreach (var module in Modules.All)
        {
            module.AddServices(services, builder.Configuration);
        }

        OptionsCheck.Run(services, builder.Configuration);
        AddQueue(builder, AddPlugins(services, builder.Configuration));
    }

    private static void AddQueue(WebApplicationBuilder builder, PluginHost plugins)
    {
        var options = builder.Configuration.Get<HostOptions>() ?? new HostOptions();
        var queue = plugins.LoadQueue(options.QueueBackend, Features.IsOn(builder.Configuration, Features.Kafka));
        builder.Services.AddSingleton(provider => new QueueSlot(queue, provider));
        builder.Services.AddSingleton(provider => provider.GetRequiredService<QueueSlot>().Info);
        builder.Services.AddSingleton<QueueHold>();
        builder.Services.AddSingleton(provider => provider.GetRequiredService<QueueSlot>().Backend);
    }

    private static void UseMiddleware(WebApplication app)
    {
        app.UseMiddleware<Correlation>();
        app.UseMiddleware<NoSniff>();
        app.UseMiddleware<RequestMetrics>();
        app.UseMiddleware<RequestSpan>();
        app.UseCors();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<EmptyBodies>();
        app.UseRouting();
        app.UseMiddleware<OriginGate>();
        app.UseMiddleware<TokenGate>();
        app.UseMiddleware<BodyLimiting>();
        app.UseMiddleware<EndingStreams>();
        if (app.Services.GetRequiredService<IOptions<ProxyOptions>>().Value.UiProxyUrl.Length > 0)
        {
            app.UseMiddleware<UiHosting>();
        }
        else
        {
            app.UsePageFiles();
        }
    }
}
