using System.Text.Json;
using Refinery.Kernel.Journal;

namespace Refinery.Fleet;

/// <summary>Folds the events of a step into what it was at an instant: events in, answer out.</summary>
internal static class StepFold
{
    /// <param name="events">Ours of one step, in the journal's order.</param>
    /// <param name="at">Events count up to the first that happened later; null counts all.</param>
    /// <returns>Null when there was no such step yet.</returns>
    /// <remarks>Cut there, not sifted: a clock that was set back must not let a step end that was never claimed.</remarks>
    public static PastStep? Fold(IEnumerable<JournalEvent> events, DateTimeOffset? at)
    {
        StepRow? step = null;
        var attempts = new SortedDictionary<long, PastAttempt>();
        foreach (var link in events.TakeWhile(link => at is null || link.Timestamp <= at))
        {
            step = StepReading.Created(link) ?? (step is not null && StepReading.Changed(link) is { } change ? After(step, change) : step);
            if (link.Payload.WholeMember("attempt_number") is { } number)
            {
                attempts[number] = After(attempts.GetValueOrDefault(number), number, link);
            }
        }

        return step is null ? null : Answer(step, [.. attempts.Values], at);
    }

    private static StepRow After(StepRow step, ToldStep change) => step with
    {
        Status = change.Status,
        ClaimedBy = change.ClaimedBy,
        NotBefore = change.NotBefore,
        Attempts = change.Attempts ?? step.Attempts,
        Fence = change.Fence ?? step.Fence,
        RetryCount = change.RetryCount ?? step.RetryCount,
        Recipes = change.Recipes ?? step.Recipes,
        Detail = change.Detail ?? step.Detail,
        UpdatedAt = change.UpdatedAt,
    };

    private static PastAttempt After(PastAttempt? attempt, long number, JournalEvent link)
    {
        var payload = link.Payload;
        var told = new PastAttempt(payload.TextMember("attempt_id") ?? string.Empty, number, payload.TextMember("status") ?? string.Empty, [], attempt?.PodId, attempt?.StartedAt);
        return link.EventType switch
        {
            "attempt.created" => told with { PodId = payload.TextMember("pod_id") },
            "attempt.started" => told with { StartedAt = link.Timestamp },
            _ => told with
            {
                FinishedAt = link.Timestamp,
                Detail = payload.TextMember("detail"),
                FailureReason = payload.TextMember("failure_reason"),
                MatchedHintIds = Texts(payload.Member("matched_hint_ids", JsonValueKind.Array)),
                DurationMs = payload.WholeMember("duration_ms"),
            },
        };
    }

    private static IReadOnlyList<string> Texts(JsonElement? list) => list is { } array ? [.. array.EnumerateArray().Select(item => item.GetString()).OfType<string>()] : [];

    private static PastStep Answer(StepRow step, IReadOnlyList<PastAttempt> attempts, DateTimeOffset? at) => new(
        step.StepId,
        step.Type,
        step.StepStatus,
        StepJson.Parse(step.Args),
        StepJson.Parse(step.Metadata),
        step.Priority,
        step.RetryCount,
        step.MaxRetries,
        step.CreatedAt,
        step.UpdatedAt,
        attempts,
        step.NotBefore,
        attempts is [.., var last] ? last.PodId : null,
        step.Detail,
        at);
}
