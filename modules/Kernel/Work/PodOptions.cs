using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Refinery.Kernel.Work;

/// <summary>What is set of every pod, inside a host or elsewhere.</summary>
public abstract class PodOptions
{
    /// <summary>Steps this process could run side by side; 80 % of it is used. 1–1024, default: twice the processors, at least 4.</summary>
    [ConfigurationKeyName("FLEET_Q_MAX_PARALLELISM")]
    [Range(1, 1024, ErrorMessage = "FLEET_Q_MAX_PARALLELISM must be 1 to 1024.")]
    public int MaxParallelism { get; set; } = Math.Max(4, Environment.ProcessorCount * 2);

    /// <summary>Seconds between heartbeats, and from one renewal of a lease to the next; 1–600, default 5.</summary>
    [ConfigurationKeyName("FLEET_Q_HEARTBEAT_SEC")]
    [Range(1, 600, ErrorMessage = "FLEET_Q_HEARTBEAT_SEC must be 1 to 600 seconds.")]
    public int HeartbeatSeconds { get; set; } = 5;

    /// <summary>Seconds that running steps get to finish when the process is asked to stop; 0–3600, default 30.</summary>
    [ConfigurationKeyName("SHUTDOWN_GRACE_SEC")]
    [Range(0, 3600, ErrorMessage = "SHUTDOWN_GRACE_SEC must be 0 to 3600 seconds.")]
    public int ShutdownGraceSeconds { get; set; } = 30;

    /// <summary>From one beat to the next.</summary>
    public TimeSpan Heartbeat => TimeSpan.FromSeconds(HeartbeatSeconds);

    /// <summary>For the running steps at a stop.</summary>
    public TimeSpan Grace => TimeSpan.FromSeconds(ShutdownGraceSeconds);

    /// <summary>⌊max parallelism × 0.8⌋, at least 1. Source: docs/spec/fleet-q.md, "Health check".</summary>
    protected int UsedParallelism => Math.Max(1, MaxParallelism * 8 / 10);
}
