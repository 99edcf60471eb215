using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Brings the steps back when the database is made anew from the journal: what waited waits, what ended is known.</summary>
/// <remarks>
/// The inverse of <see cref="StepEvents"/>. A step that was held comes back held, under its fence and without a lease, and
/// <see cref="FleetStart"/> puts it back in line: a late result is refused, and the next attempt has the next number.
/// </remarks>
internal sealed class StepRestore : IRestore
{
    public async Task RestoreAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Events of others, which may have the same types, name their target.
        foreach (var link in events.Where(link => link.Target is null))
        {
            if (link.EventType == "task.created" && Created(link) is { } row)
            {
                await StepStore.InsertAsync(sql, row.NotBefore is null ? row with { Rank = await RankAsync(sql, row) } : row);
            }
            else if (Changed(link) is { } change)
            {
                var isInLine = change is { Status: Status.Pending, NotBefore: null };
                var rank = isInLine && await StepStore.FindAsync(sql, change.StepId) is { } before ? await RankAsync(sql, before) : (long?)null;
                await StepStore.RestoreAsync(sql, change with { Rank = rank });
            }
        }
    }

    /// <summary>The journal knows no ranks: whoever joins a line takes a turn as it did, and is counted behind its owner's others when it had come straight back.</summary>
    private static async Task<long> RankAsync(SqlSession sql, StepRow step)
    {
        var turns = new Turns(sql);
        var rank = await turns.NextAsync(Place.Of(step), step.CreatedAt);
        await turns.KeepAsync();
        return rank;
    }

    private static StepRow? Created(JournalEvent link)
    {
        var payload = link.Payload;
        if (payload.TextMember("task_id") is not { } stepId || payload.TextMember("step_type") is not { } type)
        {
            return null;
        }

        var (args, metadata) = (payload.GetProperty("args"), payload.GetProperty("metadata"));
        return new StepRow
        {
            StepId = stepId,
            BuildId = payload.TextMember("build_id") ?? BuildId.Of(stepId, new NewStep { Type = type, Args = args, Metadata = metadata }),
            Type = type,
            Status = Status.Pending,
            Priority = payload.WholeMember("priority") ?? 0,
            Rank = 0,
            Args = StepJson.Object(args).GetRawText(),
            Metadata = StepJson.Object(metadata).GetRawText(),
            Recipes = payload.Member("recipes", JsonValueKind.Object)?.GetRawText(),
            MaxRetries = payload.WholeMember("max_retries") ?? 0,
            RetryCount = 0,
            Attempts = 0,
            Fence = 0,
            NotBefore = When(payload, "not_before"),
            UniqueKey = payload.TextMember("unique_key"),
            CreatedAt = link.Timestamp,
            UpdatedAt = link.Timestamp,
        };
    }

    private static RestoredStep? Changed(JournalEvent link)
    {
        var payload = link.Payload;
        if (payload.TextMember("task_id") is not { } stepId || StatusAfter(link.EventType, payload) is not { } status)
        {
            return null;
        }

        return new RestoredStep
        {
            StepId = stepId,
            Status = status,
            ClaimedBy = status == Status.Pending || link.EventType == "task.updated" ? null : link.ActorId,
            NotBefore = status == Status.Pending ? When(payload, "not_before") : null,
            Attempts = payload.WholeMember("attempt_number"),
            Fence = payload.WholeMember("fence"),
            RetryCount = payload.WholeMember("retry_count"),
            Recipes = payload.Member("recipes", JsonValueKind.Object)?.GetRawText(),
            Detail = payload.TextMember("detail"),
            UpdatedAt = link.Timestamp,
        };
    }

    private static string? StatusAfter(string eventType, JsonElement payload) => eventType switch
    {
        "attempt.created" => Status.Claimed,
        "attempt.started" => Status.Running,
        "attempt.succeeded" => Status.Completed,
        "attempt.failed" => payload.Member("will_retry", JsonValueKind.True) is not null ? Status.Pending : Status.Failed,
        "attempt.invalidated" => payload.Member("requeued", JsonValueKind.True) is not null ? Status.Pending : Status.Cancelled,
        "task.updated" when payload.TextMember("status") is Status.Cancelled or Status.Pending => payload.TextMember("status"),
        _ => null,
    };

    private static DateTimeOffset? When(JsonElement payload, string name) =>
        payload.TextMember(name) is { } text ? Instant.Parse(text) : null;
}
