using System.Diagnostics.Metrics;
using System.Text.Json;
using Refinery.Kernel.Journal;

namespace Refinery.Host.Metrics;

/// <summary>Counts what became of attempts and which wheels were there already, of what this process knows to have committed while somebody collects: so the hosts of a database count nothing twice.</summary>
internal sealed class JournalMetrics : IHostedService
{
    private const string AttemptPrefix = "attempt.";
    private static readonly double[] Bounds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
    private static readonly string[] Outcomes = ["succeeded", "failed", "invalidated"];

    private readonly EventJournal journal;
    private readonly MetricsCollection collection;
    private readonly Counter<long> attempts;
    private readonly Counter<long> retries;
    private readonly Counter<long> artifacts;
    private readonly Counter<long> hits;
    private readonly Counter<long> misses;
    private readonly Histogram<double> durations;
    private readonly Counter<long> builds;
    private readonly Histogram<double> buildDurations;

    public JournalMetrics(IMeterFactory meters, EventJournal journal, MetricsCollection collection)
    {
        this.journal = journal;
        this.collection = collection;
        var meter = meters.Create("Refinery.Journal");
        attempts = meter.CreateCounter<long>("refinery.attempts", "{attempts}", "Attempts that ended, by outcome.");
        retries = meter.CreateCounter<long>("refinery.retries", "{attempts}", "Failed attempts that are tried again.");
        artifacts = meter.CreateCounter<long>("refinery.artifacts", "{files}", "Files that attempts made.");
        hits = meter.CreateCounter<long>("refinery.cache.hits", "{wheels}", "Wheels that were taken from the store instead of being built.");
        misses = meter.CreateCounter<long>("refinery.cache.misses", "{wheels}", "Wheels that were built because none in the store fitted.");
        durations = Durations(meter, "refinery.attempt.duration", "How long attempts ran.");
        builds = meter.CreateCounter<long>("refinery.builds", "{builds}", "Builds that ended, by outcome.");
        buildDurations = Durations(meter, "refinery.build.duration", "How long the attempt ran that ended a build, by outcome.");
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (collection.IsOn)
        {
            journal.Hear(CountAll);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static Histogram<double> Durations(Meter meter, string name, string description) =>
        meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });

    private static double? Seconds(JournalEvent link) => link.Payload.Member("duration_ms", JsonValueKind.Number)?.GetDouble() / 1000;

    /// <summary>Events of others, which may have the same types, name their target and are not counted.</summary>
    private void CountAll(IReadOnlyList<JournalEvent> links)
    {
        foreach (var link in links.Where(link => link.Target is null))
        {
            Count(link);
        }
    }

    private void Count(JournalEvent link)
    {
        CountBuild(link);
        switch (link.EventType)
        {
            case "artifact.created":
                artifacts.Add(1);
                misses.Add(link.Payload.TextMember("artifact_type") == "wheel" ? 1 : 0);
                break;
            case "history.recorded":
                hits.Add(link.Payload.TextMember("status") is "reused" or "cached" ? 1 : 0);
                break;
            default:
                CountAttempt(link);
                break;
        }
    }

    private void CountAttempt(JournalEvent link)
    {
        var outcome = link.EventType.StartsWith(AttemptPrefix, StringComparison.Ordinal) ? link.EventType[AttemptPrefix.Length..] : string.Empty;
        if (!Outcomes.Contains(outcome, StringComparer.Ordinal))
        {
            return;
        }

        var tag = KeyValuePair.Create("outcome", (object?)outcome);
        attempts.Add(1, tag);
        if (link.Payload.IsTrue("will_retry"))
        {
            retries.Add(1);
        }

        if (Seconds(link) is { } duration)
        {
            durations.Record(duration, tag);
        }
    }

    private void CountBuild(JournalEvent link)
    {
        if (Outcome(link) is not { } outcome || link.Payload.TextMember("build_id") is null)
        {
            return;
        }

        var tag = KeyValuePair.Create("outcome", (object?)outcome);
        builds.Add(1, tag);
        if (Seconds(link) is { } duration)
        {
            buildDurations.Record(duration, tag);
        }
    }

    /// <summary>How a build ended with the event; null when it did not.</summary>
    private static string? Outcome(JournalEvent link) => link.EventType switch
    {
        "attempt.succeeded" => "succeeded",
        "attempt.failed" when !link.Payload.IsTrue("will_retry") => "failed",
        "build.cancelled" => "cancelled",
        _ => null,
    };
}
