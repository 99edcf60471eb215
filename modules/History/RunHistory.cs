using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.History;

/// <summary>Journals what runs inside this process tell of wheels as what workers tell is.</summary>
internal sealed class RunHistory : IHistory
{
    public void RecordReused(SqlSession sql, string runId, RebuildNode node, string detail) => sql.Append(
        new NewHistoryEvent(node.Name, node.Version ?? string.Empty, WheelStatus.Reused, runId, node.PythonTag, node.PlatformTag, detail).Draft() with { ActorId = "refinery" });
}
