using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Plan;

/// <summary>The table <c>plans</c>: every plan ever saved.</summary>
internal sealed class PlanStore(Database database)
{
    /// <summary>Journals a plan; the projection writes its row.</summary>
    public Task<bool> SaveAsync(string id, PlanRequest plan, CancellationToken cancellationToken) => database.WriteAsync(
        sql =>
        {
            sql.Append(new EventDraft(PlanProjection.Saved, PlanProjection.Payload(id, plan)));
            return Task.FromResult(true);
        },
        cancellationToken);

    /// <summary>The nodes of the newest plan, in their order; empty when there is none.</summary>
    /// <param name="runId">Of this run only; null for any.</param>
    public async Task<IReadOnlyList<PlanNode>> NewestAsync(string? runId, CancellationToken cancellationToken)
    {
        var nodes = await database.ReadAsync(sql => NewestAsync(sql, runId), cancellationToken);
        return nodes is null ? [] : JsonSerializer.Deserialize<PlanNode[]>(nodes, RefineryJson.Options) ?? [];
    }

    /// <summary>Empties the table.</summary>
    public static Task ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM plans");

    /// <summary>Writes a plan's row; a known id keeps its row.</summary>
    public static Task InsertAsync(SqlSession sql, PlanRow row) => sql.ExecuteAsync(
        """
        INSERT INTO plans (plan_id, run_id, nodes, edges, sequence) VALUES (@PlanId, @RunId, @Nodes, @Edges, @Sequence)
        ON CONFLICT (plan_id) DO NOTHING
        """,
        row);

    private static Task<string?> NewestAsync(SqlSession sql, string? runId) => runId is null
        ? sql.FirstOrDefaultAsync<string>("SELECT nodes FROM plans ORDER BY sequence DESC LIMIT 1")
        : sql.FirstOrDefaultAsync<string>(
            "SELECT nodes FROM plans WHERE run_id = @RunId ORDER BY sequence DESC LIMIT 1", new { RunId = runId });
}

/// <summary>A row of <c>plans</c>.</summary>
internal sealed record PlanRow
{
    public required string PlanId { get; init; }
    public required string RunId { get; init; }

    /// <summary>A JSON array of nodes.</summary>
    public required string Nodes { get; init; }

    /// <summary>A JSON array as the run sent it; null when it sent none.</summary>
    public string? Edges { get; init; }

    public required long Sequence { get; init; }
}
