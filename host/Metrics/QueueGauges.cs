using System.Diagnostics.Metrics;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Host.Metrics;

/// <summary>How full the queue is, read when somebody asks for the metrics.</summary>
internal sealed class QueueGauges
{
    private readonly ISteps steps;
    private readonly IQueueBackend backend;
    private readonly QueueBackendInfo info;
    private readonly TimeProvider clock;
    private readonly Gauge<long> depth;
    private readonly Gauge<double> oldest;
    private readonly Gauge<long> leased;
    private readonly Gauge<long> running;
    private readonly Gauge<long> backendLength;

    public QueueGauges(IMeterFactory meters, ISteps steps, IQueueBackend backend, QueueBackendInfo info, TimeProvider clock)
    {
        this.steps = steps;
        this.backend = backend;
        this.info = info;
        this.clock = clock;
        var meter = meters.Create("Refinery.Queue");
        depth = meter.CreateGauge<long>("refinery.queue.depth", "{items}", "Wheel builds that wait, those that wait for a retry included.");
        oldest = meter.CreateGauge<double>("refinery.queue.oldest.age", "s", "Age of the oldest wheel build that waits.");
        leased = meter.CreateGauge<long>("refinery.builds.leased", "{builds}", "Wheel builds claimed and not yet started.");
        running = meter.CreateGauge<long>("refinery.builds.running", "{builds}", "Wheel builds running.");
        backendLength = meter.CreateGauge<long>("refinery.queue.backend.length", "{items}", "Items in the queue backend, of every step type.");
    }

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var counts = await steps.CountAsync(StepTypes.WheelBuild, cancellationToken);
        depth.Record(counts.Waiting);
        oldest.Record(counts.OldestWaitingAt is { } since ? Math.Max(0, (clock.GetUtcNow() - since).TotalSeconds) : 0);
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
}
