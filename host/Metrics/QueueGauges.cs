using System.Diagnostics.Metrics;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Host.Metrics;

/// <summary>How full the queue is, read when somebody asks for the metrics.</summary>
internal sealed class QueueGauges(IMeterFactory meters, ISteps steps, IQueueBackend backend, QueueBackendInfo info, TimeProvider clock)
{
    private readonly Gauge<long> depth = Create<long>(meters, "refinery.queue.depth", "{items}", "Wheel builds that wait, those that wait for a retry included.");
    private readonly Gauge<long> waiting = Create<long>(meters, "refinery.queue.waiting", "{steps}", "Steps of every type that wait.");
    private readonly Gauge<long> limit = Create<long>(meters, "refinery.queue.limit", "{steps}", "Steps that may wait; while as many do, more are refused.");
    private readonly Gauge<double> oldest = Create<double>(meters, "refinery.queue.oldest.age", "s", "Age of the oldest wheel build that waits.");
    private readonly Gauge<long> leased = Create<long>(meters, "refinery.builds.leased", "{builds}", "Wheel builds claimed and not yet started.");
    private readonly Gauge<long> running = Create<long>(meters, "refinery.builds.running", "{builds}", "Wheel builds running.");
    private readonly Gauge<long> backendLength = Create<long>(meters, "refinery.queue.backend.length", "{items}", "Items in the queue backend, of every step type.");

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var counts = await steps.CountAsync(StepTypes.WheelBuild, cancellationToken);
        depth.Record(counts.Waiting);
        waiting.Record(steps.CountWaiting());
        limit.Record(steps.MostWaiting);
        oldest.Record(counts.OldestAgeSeconds(clock.GetUtcNow()));
        leased.Record(counts.Leased);
        running.Record(counts.Running);
        try
        {
            backendLength.Record((await backend.StatsAsync(cancellationToken)).Length, KeyValuePair.Create("backend", (object?)info.Name));
        }
        catch (IOException)
        {
            // The readiness check says that the backend is away; the other metrics are worth having meanwhile.
        }
    }

    private static Gauge<T> Create<T>(IMeterFactory meters, string name, string unit, string description)
        where T : struct =>
        meters.Create("Refinery.Queue").CreateGauge<T>(name, unit, description);
}
