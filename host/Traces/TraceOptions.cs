using System.ComponentModel.DataAnnotations;
using Refinery.Kernel.Web;

namespace Refinery.Host.Traces;

/// <summary>Where spans go. The names are OpenTelemetry's; those that are not here hold too, read by its SDK.</summary>
internal sealed class TraceOptions : IValidatableObject
{
    /// <summary>A collector's address; unset (default) exports nothing.</summary>
    [ConfigurationKeyName("OTEL_EXPORTER_OTLP_ENDPOINT")]
    public string? Endpoint { get; set; }

    /// <summary>The whole address for spans, where it is another; default unset.</summary>
    [ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")]
    public string? TracesEndpoint { get; set; }

    /// <summary><c>http/protobuf</c> or <c>grpc</c>; unset is <c>grpc</c> for an address with gRPC's port 4317, else <c>http/protobuf</c>.</summary>
    [ConfigurationKeyName("OTEL_EXPORTER_OTLP_PROTOCOL")]
    [RegularExpression("http/protobuf|grpc", ErrorMessage = "OTEL_EXPORTER_OTLP_PROTOCOL must be 'http/protobuf' or 'grpc'.")]
    public string? Protocol { get; set; }

    /// <summary>What the spans' service is called.</summary>
    [ConfigurationKeyName("OTEL_SERVICE_NAME")]
    public string ServiceName { get; set; } = "refinery";

    /// <summary>Whether spans are exported at all.</summary>
    public bool IsOn => Address is not null;

    /// <summary>Whether the address is that of a collector's gRPC, by the port everybody uses for it.</summary>
    public bool IsGrpc => Protocol is null ? Address is { Port: 4317 } : Protocol == "grpc";

    private Uri? Address => WebUrl.Parse((string.IsNullOrEmpty(TracesEndpoint) ? Endpoint : TracesEndpoint) ?? string.Empty);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Faults("OTEL_EXPORTER_OTLP_ENDPOINT", Endpoint).Concat(Faults("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", TracesEndpoint));

    private static IEnumerable<ValidationResult> Faults(string name, string? address) => string.IsNullOrEmpty(address) || WebUrl.Parse(address) is not null
        ? []
        : [new ValidationResult($"{name} is {Errors.Quote(address)}; a collector's address is expected, for example http://127.0.0.1:4318.")];
}
