using System.Diagnostics.Metrics;

namespace Refinery.Fleet;

/// <summary>Counts what people watch a fleet for.</summary>
internal sealed class FleetMetrics
{
    private readonly Counter<long> recovered;
    private readonly Counter<long> refused;

    public FleetMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Refinery.Fleet");
        recovered = meter.CreateCounter<long>("refinery.recovery.steps", "{steps}", "Steps whose lease ran out, by what recovery did with them.");
        refused = meter.CreateCounter<long>("refinery.fleet.refused", "{reports}", "Words of pods about steps they do not hold, by what they wanted to do.");
    }

    /// <summary>A cycle of recovery is over.</summary>
    public void Recovered(int requeued, int terminal)
    {
        recovered.Add(requeued, KeyValuePair.Create("outcome", (object?)"requeued"));
        recovered.Add(terminal, KeyValuePair.Create("outcome", (object?)"terminal"));
    }

    /// <summary>A pod spoke for a step under a fence that is stale.</summary>
    /// <param name="operation"><c>start</c>, <c>renew</c>, <c>complete</c>, <c>fail</c>, <c>release</c> or <c>log</c>.</param>
    public void Refused(string operation) => refused.Add(1, KeyValuePair.Create("operation", (object?)operation));
}
