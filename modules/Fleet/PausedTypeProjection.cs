using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Keeps which step types are paused.</summary>
internal sealed class PausedTypeProjection : IProjection
{
    public const string Paused = "type.paused";
    public const string Resumed = "type.resumed";

    public string Name => "paused types";

    public Task ResetAsync(SqlSession sql) => PausedTypeStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        // Events of others, which may have the same types, name their target.
        foreach (var link in events.Where(link => link.Target is null && link.EventType is (Paused or Resumed)))
        {
            if (link.Payload.TextMember("step_type") is not { } type)
            {
                continue;
            }

            _ = link.EventType == Paused
                ? await PausedTypeStore.PutAsync(sql, new PausedType(type, link.Payload.TextMember("reason"), link.ActorId, link.Timestamp))
                : await PausedTypeStore.DeleteAsync(sql, type);
        }
    }
}
