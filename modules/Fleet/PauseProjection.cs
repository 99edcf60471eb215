using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Makes the paused types from what was paused and resumed.</summary>
internal sealed class PauseProjection : IProjection
{
    public const string Paused = "type.paused";
    public const string Resumed = "type.resumed";

    public string Name => "paused types";

    public Task ResetAsync(SqlSession sql) => PauseStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Events of others, which may have the same types, name their target.
        foreach (var link in events.Where(link => link.Target is null && link.EventType is Paused or Resumed))
        {
            if (StepJson.Member(link.Payload, "step_type") is not { } type)
            {
                continue;
            }

            await (link.EventType == Paused
                ? PauseStore.PutAsync(sql, new PausedType { Type = type, Reason = StepJson.Member(link.Payload, "reason"), PausedAt = link.Timestamp })
                : PauseStore.DeleteAsync(sql, type));
        }
    }
}
