using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>How steps are leased, retried and run here.</summary>
internal sealed class FleetOptions : PodOptions, IValidatableObject
{
    /// <summary>Seconds a lease lasts without renewal; 2–3600, longer than a heartbeat, default 15.</summary>
    [ConfigurationKeyName("FLEET_Q_LEASE_SEC")]
    [Range(2, 3600, ErrorMessage = "FLEET_Q_LEASE_SEC must be 2 to 3600 seconds.")]
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>Seconds without a heartbeat after which a pod counts as dead; 1–3600, default 15.</summary>
    [ConfigurationKeyName("FLEET_Q_DEAD_AFTER_SEC")]
    [Range(1, 3600, ErrorMessage = "FLEET_Q_DEAD_AFTER_SEC must be 1 to 3600 seconds.")]
    public int DeadAfterSeconds { get; set; } = 15;

    /// <summary>Seconds after which another pod may lead when the leader is not heard; 1–60, default 4.</summary>
    [ConfigurationKeyName("FLEET_Q_LEADER_LEASE_SEC")]
    [Range(1, 60, ErrorMessage = "FLEET_Q_LEADER_LEASE_SEC must be 1 to 60 seconds.")]
    public int LeaderLeaseSeconds { get; set; } = 4;

    /// <summary>Seconds between rounds of recovery; 1–3600, default 5.</summary>
    [ConfigurationKeyName("FLEET_Q_RECOVERY_SEC")]
    [Range(1, 3600, ErrorMessage = "FLEET_Q_RECOVERY_SEC must be 1 to 3600 seconds.")]
    public int RecoverySeconds { get; set; } = 5;

    /// <summary>Seconds before the first retry; doubles each time up to five minutes. 0–300, default 2.</summary>
    [ConfigurationKeyName("FLEET_Q_BACKOFF_SEC")]
    [Range(0, 300, ErrorMessage = "FLEET_Q_BACKOFF_SEC must be 0 to 300 seconds.")]
    public double BackoffSeconds { get; set; } = 2;

    /// <summary><c>1</c> runs a worker inside this process (default), <c>0</c> leaves all work to other pods.</summary>
    [ConfigurationKeyName("LOCAL_WORKER")]
    [RegularExpression("0|1", ErrorMessage = "LOCAL_WORKER must be 0 or 1.")]
    public string LocalWorker { get; set; } = "1";

    /// <summary><c>1</c> builds wheels as soon as they are queued; <c>0</c> (default) waits for a trigger.</summary>
    [ConfigurationKeyName("AUTO_BUILD")]
    [RegularExpression("0|1", ErrorMessage = "AUTO_BUILD must be 0 or 1.")]
    public string AutoBuild { get; set; } = "0";

    /// <summary>Steps that may wait at once, beyond which more are refused; 1–100000000, default 10000000.</summary>
    [ConfigurationKeyName("MAX_QUEUE_SIZE")]
    [Range(1, 100_000_000, ErrorMessage = "MAX_QUEUE_SIZE must be 1 to 100000000.")]
    public int MaxQueueSize { get; set; } = 10_000_000;

    /// <summary>⌊max parallelism × 0.8⌋, at least 1; 0 without a local worker. Source: docs/spec/fleet-q.md, "Health check".</summary>
    public int Capacity => LocalWorker == "1" ? UsedParallelism : 0;

    /// <summary>No retry waits longer.</summary>
    public static TimeSpan LongestBackoff { get; } = TimeSpan.FromMinutes(5);

    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    public TimeSpan LeaderLease => TimeSpan.FromSeconds(LeaderLeaseSeconds);

    public TimeSpan DeadAfter => TimeSpan.FromSeconds(DeadAfterSeconds);

    /// <summary>A pod renews its leases at each heartbeat: they must last until the next.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => HeartbeatSeconds < LeaseSeconds
        ? []
        : [new ValidationResult($"FLEET_Q_HEARTBEAT_SEC is {HeartbeatSeconds} and FLEET_Q_LEASE_SEC is {LeaseSeconds}; a heartbeat shorter than the lease is expected.")];

    /// <summary>The wait before retry number <paramref name="retry"/>, 1 being the first.</summary>
    public TimeSpan Backoff(long retry) =>
        TimeSpan.FromSeconds(Math.Min(LongestBackoff.TotalSeconds, BackoffSeconds * Math.Pow(2, Math.Min(retry - 1, 20))));
}
