using System.Diagnostics.Metrics;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Host.Metrics;

/// <summary>How full the queue is, read when somebody asks for the metrics.</summary>
internal sealed class QueueGauges(IMeterFactory meters, ISteps steps, IQueueBackend backend, QueueBackendInfo info, TimeProvider clock)
{
    /// <summary>A scraper waits no longer for a backend that hangs.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly Gauge<long> depth = Create<long>(meters, "refinery.queue.depth", "{items}", "Wheel builds that wait, those that wait for a retry included.");
    private readonly Gauge<long> waiting = Create<long>(meters, "refinery.queue.waiting", "{steps}", "Steps of every type that wait.");
    private readonly Gauge<long> limit = Create<long>(meters, "refinery.queue.limit", "{steps}", "Steps that may wait; while as many do, more are refused.");
    private readonly Gauge<double> oldest = Create<double>(meters, "refinery.queue.oldest.age", "s", "Age of the oldest wheel build that waits.");
    private readonly Gauge<long> leased = Create<long>(meters, "refinery.builds.leased", "{builds}", "Wheel builds claimed and not yet started.");
    private readonly Gauge<long> running = Create<long>(meters, "refinery.builds.running", "{builds}", "Wheel builds running.");
    private readonly Gauge<long> backendLength = Create<long>(meters, "refinery.queue.backend.length", "{items}", "Items in the queue backend, of every step type; while it is away, the last that was heard.");
    private readonly Gauge<long> backendUp = Create<long>(meters, "refinery.queue.backend.up", unit: null, "1 while the queue backend answers, 0 while steps are dispatched from the database.");

    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var counts = await steps.CountAsync(StepTypes.WheelBuild, cancellationToken);
        depth.Record(counts.Waiting);
        waiting.Record(steps.CountWaiting());
        limit.Record(steps.MostWaiting);
        oldest.Record(counts.OldestAgeSeconds(clock.GetUtcNow()));
        leased.Record(counts.Leased);
        running.Record(counts.Running);
        var tag = KeyValuePair.Create("backend", (object?)info.Name);
        var length = await FindLengthAsync(cancellationToken);
        backendUp.Record(length is null ? 0 : 1, tag);
        if (length is { } items)
        {
            backendLength.Record(items, tag);
        }
    }

    private async Task<long?> FindLengthAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await backend.StatsAsync(cancellationToken).WaitAsync(Limit, clock, cancellationToken)).Length;
        }
        catch (Exception fault) when (fault is IOException or TimeoutException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Gauge<T> Create<T>(IMeterFactory meters, string name, string? unit, string description)
        where T : struct =>
        meters.Create("Refinery.Queue").CreateGauge<T>(name, unit, description);
}
