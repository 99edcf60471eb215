using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Makes the dead letters from the failures that are not tried again, and takes those away that were replayed.</summary>
internal sealed class DeadLetterProjection : IProjection
{
    public string Name => "dead letters";

    public Task ResetAsync(SqlSession sql) => DeadLetterStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Events of others, which may have the same types, name their target.
        foreach (var link in events.Where(link => link.Target is null))
        {
            if (link.EventType == "attempt.failed" && Read(link) is { } row)
            {
                await DeadLetterStore.PutAsync(sql, row);
            }
            else if (link.EventType == "task.updated" && Text(link, "status") == Status.Pending && Text(link, "task_id") is { } stepId)
            {
                await DeadLetterStore.DeleteAsync(sql, stepId);
            }
        }
    }

    private static DeadLetterRow? Read(JournalEvent link)
    {
        if (Text(link, "task_id") is not { } stepId || !link.Payload.TryGetProperty("will_retry", out var again) || again.ValueKind != JsonValueKind.False)
        {
            return null;
        }

        return new DeadLetterRow
        {
            StepId = stepId,
            Sequence = link.Sequence,
            PodId = link.ActorId,
            Attempts = Number(link, "attempt_number"),
            RetryCount = Number(link, "retry_count"),
            FailureReason = Text(link, "failure_reason") ?? "failed",
            Detail = Text(link, "detail") ?? string.Empty,
            DiedAt = link.Timestamp,
        };
    }

    private static string? Text(JournalEvent link, string name) => StepJson.Member(link.Payload, name);

    private static long Number(JournalEvent link, string name) =>
        link.Payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;
}
