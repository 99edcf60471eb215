using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Counts the steps that have ended, once a group: submitting a step costs nothing here.</summary>
internal sealed class StepTotalProjection : IProjection
{
    public string Name => "step totals";

    public Task ResetAsync(SqlSession sql) => StepTotalStore.ResetAsync(sql);

    public Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Events of others, which may have the same types, name their target.
        var changes = events.Where(link => link.Target is null).Select(Change).Where(change => change.Status is not null);
        return StepTotalStore.AddAsync(
            sql, [.. changes.GroupBy(change => change.Status ?? string.Empty, change => change.By, (status, by) => new StepTotal(status, by.Sum()), StringComparer.Ordinal)]);
    }

    private static (string? Status, long By) Change(JournalEvent link) => link.EventType switch
    {
        "attempt.succeeded" => (Status.Completed, 1),
        "attempt.failed" when link.Payload.Member("will_retry", JsonValueKind.False) is not null => (Status.Failed, 1),
        "attempt.invalidated" when !link.Payload.IsTrue("requeued") => (Status.Cancelled, 1),
        "task.updated" when link.Payload.TextMember("status") == Status.Cancelled => (Status.Cancelled, 1),
        "task.updated" when link.Payload.TextMember("status") == Status.Pending => (link.Payload.TextMember("from_status"), -1),
        _ => (null, 0),
    };
}
