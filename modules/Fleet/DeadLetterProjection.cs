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
            else if (link.EventType == "task.updated" && link.Payload.TextMember("status") == Status.Pending && link.Payload.TextMember("task_id") is { } stepId)
            {
                await DeadLetterStore.DeleteAsync(sql, stepId);
            }
        }
    }

    private static DeadLetterRow? Read(JournalEvent link)
    {
        if (link.Payload.TextMember("task_id") is not { } stepId || link.Payload.Member("will_retry", JsonValueKind.False) is null)
        {
            return null;
        }

        return new DeadLetterRow
        {
            StepId = stepId,
            Sequence = link.Sequence,
            PodId = link.ActorId,
            Attempts = link.Payload.WholeMember("attempt_number") ?? 0,
            RetryCount = link.Payload.WholeMember("retry_count") ?? 0,
            FailureReason = link.Payload.TextMember("failure_reason") ?? "failed",
            Detail = link.Payload.TextMember("detail") ?? string.Empty,
            DiedAt = link.Timestamp,
        };
    }
}
