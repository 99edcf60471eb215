using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Refinery.Worker;

/// <summary>Whom a worker works for, on what, and on how much at once.</summary>
internal sealed class WorkerOptions : IValidatableObject
{
    /// <summary>The server's address, as <c>--server</c> gives it.</summary>
    [ConfigurationKeyName("WORKER_SERVER_URL")]
    public string ServerUrl { get; set; } = string.Empty;

    /// <summary>What the server has as its WORKER_TOKEN; default unset.</summary>
    [ConfigurationKeyName("WORKER_TOKEN")]
    public string? Token { get; set; }

    /// <summary>Step types to take, separated by commas or spaces, as <c>--kinds</c> gives them; default all that have a handler here.</summary>
    [ConfigurationKeyName("WORKER_KINDS")]
    public string Kinds { get; set; } = string.Empty;

    /// <summary>Steps at once, as <c>--concurrency</c> gives it; 1–1024, default 80 % of FLEET_Q_MAX_PARALLELISM.</summary>
    [ConfigurationKeyName("WORKER_CONCURRENCY")]
    [Range(1, 1024, ErrorMessage = "--concurrency must be 1 to 1024.")]
    public int? Concurrency { get; set; }

    /// <summary>Steps this machine could run side by side; 1–1024, default: twice the processors, at least 4.</summary>
    [ConfigurationKeyName("FLEET_Q_MAX_PARALLELISM")]
    [Range(1, 1024, ErrorMessage = "FLEET_Q_MAX_PARALLELISM must be 1 to 1024.")]
    public int MaxParallelism { get; set; } = Math.Max(4, Environment.ProcessorCount * 2);

    /// <summary>Seconds between heartbeats and between renewals, below the server's lease; 1–600, default 5.</summary>
    [ConfigurationKeyName("FLEET_Q_HEARTBEAT_SEC")]
    [Range(1, 600, ErrorMessage = "FLEET_Q_HEARTBEAT_SEC must be 1 to 600 seconds.")]
    public int HeartbeatSeconds { get; set; } = 5;

    /// <summary>Seconds that running steps get to finish at a stop; 0–3600, default 30.</summary>
    [ConfigurationKeyName("SHUTDOWN_GRACE_SEC")]
    [Range(0, 3600, ErrorMessage = "SHUTDOWN_GRACE_SEC must be 0 to 3600 seconds.")]
    public int ShutdownGraceSeconds { get; set; } = 30;

    /// <summary>⌊max parallelism × 0.8⌋, at least 1. Source: docs/spec/fleet-q.md, "Health check".</summary>
    public int Capacity => Concurrency ?? Math.Max(1, MaxParallelism * 8 / 10);

    /// <summary>The kinds, one by one; empty for all.</summary>
    public IReadOnlyList<string> KindList =>
        [.. Kinds.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

    public TimeSpan Heartbeat => TimeSpan.FromSeconds(HeartbeatSeconds);

    public TimeSpan Grace => TimeSpan.FromSeconds(ShutdownGraceSeconds);

    /// <summary>The server's address, ready for relative paths behind it.</summary>
    public Uri Server => new(ServerUrl.EndsWith('/') ? ServerUrl : $"{ServerUrl}/");

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Uri.TryCreate(ServerUrl, UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? []
            : [new ValidationResult($"--server is '{ServerUrl}'; the server's address is expected, for example http://builds.example:8080.")];
}
