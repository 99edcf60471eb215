using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Plan;

/// <summary>Journals the plans of runs inside this process as those of others are.</summary>
internal sealed class RunPlans(Ids ids) : IPlans
{
    public string Save(SqlSession sql, string runId, IReadOnlyList<RebuildNode> nodes)
    {
        var id = ids.New("plan");
        var plan = new PlanRequest(runId, [.. nodes.Select(node => new PlanNode(node.Name, Action(node), node.Version, node.PythonTag, node.PlatformTag))]);
        sql.Append(new EventDraft(PlanProjection.Saved, PlanProjection.Payload(id, plan)) { ActorId = "refinery" });
        return id;
    }

    private static PlanAction Action(RebuildNode node) => node.Action switch
    {
        "build" => PlanAction.Build,
        "reuse" => PlanAction.Reuse,
        "skip" => PlanAction.Skip,
        _ => throw new InvalidOperationException($"A plan has no action {node.Action}."),
    };
}
