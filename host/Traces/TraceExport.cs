using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Refinery.Kernel.Work;

namespace Refinery.Host.Traces;

/// <summary>Sends the spans of this process to a collector while one is named; otherwise nothing is made.</summary>
/// <remarks>Spans wait in memory, bounded, and are sent by a thread of the SDK's own: a collector that is away holds nobody up.</remarks>
internal sealed class TraceExport(IConfiguration configuration, IOptions<TraceOptions> options) : IHostedService, IDisposable
{
    /// <summary>What the last spans get at a stop.</summary>
    private const int FarewellMilliseconds = 2000;

    private TracerProvider? provider;

    /// <summary>Registered before everything that works, so that it is the last to stop.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TraceOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<TraceExport>();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.IsOn)
        {
            // The server starts last and asks this then: its spans have attributes.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
            provider = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(configuration))
                .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                    .AddService("refinery", serviceVersion: RefineryVersion.Text).AddTelemetrySdk().AddEnvironmentVariableDetector())
                .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql", TraceContext.Source.Name)
                .AddProcessor<OwnCallsFilter>()
                .AddOtlpExporter(exporter => exporter.Protocol = options.Value.IsGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf)
                .Build();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        provider?.Shutdown(FarewellMilliseconds);
        return Task.CompletedTask;
    }

    public void Dispose() => provider?.Dispose();
}
