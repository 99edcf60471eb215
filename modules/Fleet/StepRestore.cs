using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
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
                await StepStore.InsertAsync(sql, row);
            }
            else if (Changed(link) is { } change)
            {
                await StepStore.RestoreAsync(sql, change);
            }
        }
    }

    private static StepRow? Created(JournalEvent link)
    {
        var payload = link.Payload;
        if (Text(payload, "task_id") is not { } stepId || Text(payload, "step_type") is not { } type || Number(payload, "rank") is not { } rank)
        {
            return null;
        }

        var (args, metadata) = (payload.GetProperty("args"), payload.GetProperty("metadata"));
        return new StepRow
        {
            StepId = stepId,
            BuildId = Text(payload, "build_id") ?? BuildId.Of(stepId, new NewStep { Type = type, Args = args, Metadata = metadata }),
            Type = type,
            Status = Status.Pending,
            Priority = Number(payload, "priority") ?? 0,
            Rank = rank,
            Args = StepJson.Object(args).GetRawText(),
            Metadata = StepJson.Object(metadata).GetRawText(),
            Recipes = Json(payload, "recipes"),
            MaxRetries = Number(payload, "max_retries") ?? 0,
            RetryCount = 0,
            Attempts = 0,
            Fence = 0,
            NotBefore = When(payload, "not_before"),
            CreatedAt = link.Timestamp,
            UpdatedAt = link.Timestamp,
        };
    }

    private static RestoredStep? Changed(JournalEvent link)
    {
        var payload = link.Payload;
        if (Text(payload, "task_id") is not { } stepId || StatusAfter(link.EventType, payload) is not { } status)
        {
            return null;
        }

        return new RestoredStep
        {
            StepId = stepId,
            Status = status,
            ClaimedBy = status == Status.Pending || link.EventType == "task.updated" ? null : link.ActorId,
            NotBefore = status == Status.Pending ? When(payload, "not_before") : null,
            Attempts = Number(payload, "attempt_number"),
            Fence = Number(payload, "fence"),
            RetryCount = Number(payload, "retry_count"),
            Recipes = Json(payload, "recipes"),
            Detail = Text(payload, "detail"),
            UpdatedAt = link.Timestamp,
        };
    }

    private static string? StatusAfter(string eventType, JsonElement payload) => eventType switch
    {
        "attempt.created" => Status.Claimed,
        "attempt.started" => Status.Running,
        "attempt.succeeded" => Status.Completed,
        "attempt.failed" => IsTrue(payload, "will_retry") ? Status.Pending : Status.Failed,
        "attempt.invalidated" => IsTrue(payload, "requeued") ? Status.Pending : Status.Cancelled,
        "task.updated" when Text(payload, "status") is Status.Cancelled or Status.Pending => Text(payload, "status"),
        _ => null,
    };

    private static string? Text(JsonElement payload, string name) => StepJson.Member(payload, name);

    private static long? Number(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    private static bool IsTrue(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Json(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value.GetRawText() : null;

    private static DateTimeOffset? When(JsonElement payload, string name) =>
        Text(payload, name) is { } text ? Instant.Parse(text) : null;
}
