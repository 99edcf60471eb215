using System.Text.Json;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Finds out why a step does not run.</summary>
internal sealed class WaitingCauses(
    Database database, FleetView view, LocalPod localPod, PodIdentity identity, DispatchQueue queue, TimeProvider clock)
{
    private const int MostAhead = 1000;
    private const string TriggerAdvice = "POST /api/worker/trigger lets the local pod build, AUTO_BUILD=1 does so always";

    /// <summary>The one cause, or null when there is no such step.</summary>
    public async Task<WhyAnswer?> FindAsync(string stepId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var seen = await database.ReadAsync(
            async sql => await StepStore.FindAsync(sql, stepId) is { } row
                ? new Seen(row, await view.ReadAsync(sql), await StepStore.ListHoldersAsync(sql), await StepStore.ListDueAsync(sql, row.Type, now, MostAhead))
                {
                    Pause = await PausedTypeStore.FindAsync(sql, row.Type),
                }
                : null,
            cancellationToken);
        return seen is null ? null : Ended(seen.Step) ?? Held(seen) ?? Paused(seen) ?? Waits(seen.Step, now) ?? ForPods(seen) ?? await InLineAsync(seen, cancellationToken);
    }

    /// <summary>What a waiting step waits for that only a person can bring; null when it will be called by itself.</summary>
    public async Task<string?> WaitingForAsync(string type, CancellationToken cancellationToken)
    {
        var (fleet, pause) = await database.ReadAsync(async sql => (await view.ReadAsync(sql), await PausedTypeStore.FindAsync(sql, type)), cancellationToken);
        return pause is not null ? $"its type to be resumed: {ResumeAdvice(type)}"
            : Serving(fleet, type).Any() ? null
            : WaitsForTrigger(type) ? $"a trigger: {TriggerAdvice}"
            : $"a pod that serves type {type}";
    }

    private static WhyAnswer? Ended(StepRow step) => step.Status switch
    {
        Status.Pending or Status.Claimed or Status.Running => null,
        Status.Completed => Answer(step, "completed", "The step has completed.", new WhyEvidence(Attempts: step.Attempts, LastDetail: step.Detail)),
        Status.Failed => Answer(step, "failed", "The step failed and no retry is left; it can be replayed.", new WhyEvidence(Attempts: step.Attempts, LastDetail: step.Detail)),
        Status.Cancelled => Answer(step, "cancelled", "The step was cancelled.", new WhyEvidence(Attempts: step.Attempts, LastDetail: step.Detail)),
        _ => throw new InvalidOperationException($"The status {step.Status} has no cause."),
    };

    /// <summary>The pod that holds the step as the fleet knows it; a pod that never beat here has no more to show than its name.</summary>
    private static WhyAnswer? Held(Seen seen) => seen.Step is { Status: Status.Claimed or Status.Running } step
        ? Answer(step, "held", $"Pod {step.ClaimedBy} holds the step.", new WhyEvidence(Attempts: step.Attempts, Pods: [.. seen.Fleet.Pods
            .Where(pod => pod.PodId == step.ClaimedBy)
            .Select(pod => Busy(pod, seen.Holders) with { State = seen.Fleet.IsAlive(pod) ? pod.State : PodState.Dead, Until = step.LeaseUntil })]))
        : null;

    private static WhyAnswer? Paused(Seen seen) => seen.Pause is { } pause
        ? Answer(
            seen.Step, "paused", $"Type {pause.Type} is paused{(pause.Reason is { } reason ? $" ({reason})" : string.Empty)}; {ResumeAdvice(pause.Type)} lets it go on.",
            new WhyEvidence(Pause: PauseAnswer.Of(pause)))
        : null;

    private static string ResumeAdvice(string type) => $"POST /admin/types/{Uri.EscapeDataString(type)}/resume";

    private static WhyAnswer? Waits(StepRow step, DateTimeOffset now)
    {
        if (step.NotBefore is not { } instant || instant <= now)
        {
            return null;
        }

        var evidence = new WhyEvidence(instant, step.Attempts, step.Detail);
        return step.Attempts > 0
            ? Answer(step, "backoff", $"Attempt {step.Attempts} failed; the next begins at {Instant.Format(instant)} or later.", evidence)
            : Answer(step, "delayed", $"The step was submitted to begin at {Instant.Format(instant)} or later.", evidence);
    }

    private WhyAnswer? ForPods(Seen seen)
    {
        var type = seen.Step.Type;
        var serving = Serving(seen.Fleet, type).Select(pod => Busy(pod, seen.Holders)).ToList();
        if (serving.Count == 0)
        {
            var advice = WaitsForTrigger(type) ? $"; {TriggerAdvice}" : string.Empty;
            return Answer(seen.Step, "no_pod", $"No live pod serves type {type}{advice}.", new WhyEvidence(Pods: []));
        }

        return serving.TrueForAll(pod => pod.Running >= pod.Capacity)
            ? Answer(seen.Step, "capacity", $"Every pod that serves type {type} is full.", new WhyEvidence(Pods: serving))
            : null;
    }

    /// <summary>The local pod builds wheels, but only when it is told to.</summary>
    private bool WaitsForTrigger(string type) => type == StepTypes.WheelBuild && localPod.IsOn;

    private async Task<WhyAnswer> InLineAsync(Seen seen, CancellationToken cancellationToken)
    {
        var ahead = seen.Due.TakeWhile(candidate => candidate.StepId != seen.Step.StepId).Count();
        var evidence = new WhyEvidence(Pods: [.. Serving(seen.Fleet, seen.Step.Type).Select(pod => Busy(pod, seen.Holders))], Ahead: ahead);
        return await queue.AnswersAsync(cancellationToken)
            ? Answer(seen.Step, "in_line", ahead == 0 ? "The step is the next of its type." : $"{ahead} waiting steps of its type are called earlier.", evidence)
            : Answer(seen.Step, "backend_down", "The queue backend does not answer; steps are called from the database within a second or so.", evidence);
    }

    /// <summary>Live pods that take steps of a type; of the pod in this process it is known to the moment.</summary>
    private IEnumerable<PodRow> Serving(FleetNow fleet, string type) => fleet.Alive.Where(pod =>
        pod.State == PodState.Live && pod.Capacity > 0
        && (pod.PodId == identity.PodId ? localPod.Types.Contains(type) : JsonSerializer.Deserialize<string[]>(pod.Kinds)?.Contains(type, StringComparer.Ordinal) == true));

    private static BusyPod Busy(PodRow pod, IReadOnlyList<HolderCount> holders)
    {
        var holding = holders.FirstOrDefault(holder => holder.ClaimedBy == pod.PodId);
        return new BusyPod(pod.PodId, pod.State, holding?.Count ?? 0, pod.Capacity, holding?.Until is { } until ? Instant.Parse(until) : null);
    }

    private static WhyAnswer Answer(StepRow step, string cause, string detail, WhyEvidence evidence) => new(step.StepId, step.Status, cause, detail, evidence);

    /// <summary>All that is looked at, in one reading.</summary>
    private sealed record Seen(StepRow Step, FleetNow Fleet, IReadOnlyList<HolderCount> Holders, IReadOnlyList<Candidate> Due)
    {
        public PausedType? Pause { get; init; }
    }
}
