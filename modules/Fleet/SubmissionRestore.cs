using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Brings the Idempotency-Keys back when the database is made anew from the journal, so that a client that asks again makes no second step.</summary>
internal sealed class SubmissionRestore : IRestore
{
    public async Task RestoreAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var link in events.Where(link => link.EventType == "task.created" && link.Target is null))
        {
            if (link.Payload.TextMember(Submission.Member) is { } key && link.Payload.TextMember("task_id") is { } stepId)
            {
                await SubmissionStore.TakeAsync(sql, key, link.Timestamp);
                await SubmissionStore.NameAsync(sql, key, stepId);
            }
        }
    }
}
