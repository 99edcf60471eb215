using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Plan;

/// <summary>Makes the rows of <c>plans</c> from the plans that were saved.</summary>
internal sealed class PlanProjection : IProjection
{
    /// <summary>A run has said what it will do.</summary>
    public const string Saved = "plan.saved";

    public string Name => "plan";

    /// <summary>What the journal keeps of a plan: all of it.</summary>
    public static EventPayload Payload(string id, PlanRequest plan)
    {
        var payload = new EventPayload().Add("plan_id", id).Add("run_id", plan.RunId).AddValue("plan", plan.Plan);
        return plan.Edges is { } edges ? payload.AddValue("edges", edges) : payload;
    }

    public Task ResetAsync(SqlSession sql) => PlanStore.ResetAsync(sql);

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        foreach (var happened in events)
        {
            if (happened.EventType == Saved && Row(happened) is { } row)
            {
                await PlanStore.InsertAsync(sql, row);
            }
        }
    }

    /// <summary>The row of an event; null when its payload has another shape, as a foreign producer's may.</summary>
    private static PlanRow? Row(JournalEvent happened)
    {
        try
        {
            return happened.Payload.Read<SavedJson>() is { } saved
                ? new PlanRow
                {
                    PlanId = saved.PlanId,
                    RunId = saved.RunId,
                    Nodes = JsonSerializer.Serialize(saved.Plan, RefineryJson.Options),
                    Edges = saved.Edges is null ? null : JsonSerializer.Serialize(saved.Edges, RefineryJson.Options),
                    Sequence = happened.Sequence,
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The payload of <c>plan.saved</c>.</summary>
    private sealed record SavedJson(string PlanId, string RunId, IReadOnlyList<PlanNode> Plan, IReadOnlyList<JsonElement>? Edges = null);
}
