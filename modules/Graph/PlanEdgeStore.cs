using Refinery.Kernel.Storage;

namespace Refinery.Graph;

/// <summary>The tables <c>plan_edges</c> and <c>run_tasks</c>: which package waits for which in a run, and which task is for which package.</summary>
internal static class PlanEdgeStore
{
    /// <summary>Keeps an edge of a run's plan, as old as the earliest plan that says so; 0 when an earlier or the same one did.</summary>
    public static Task<int> PutEdgeAsync(SqlSession sql, string runId, PlanEdge edge, DateTimeOffset happenedAt) => sql.ExecuteAsync(
        """
        INSERT INTO plan_edges (run_id, package, version, awaited, awaited_version, happened_at)
        VALUES (@RunId, @Package, @Version, @Awaited, @AwaitedVersion, @HappenedAt)
        ON CONFLICT (run_id, package, version, awaited, awaited_version) DO UPDATE SET happened_at = excluded.happened_at
        WHERE excluded.happened_at < plan_edges.happened_at
        """,
        new
        {
            RunId = runId,
            Package = edge.Waiting.Name,
            edge.Waiting.Version,
            Awaited = edge.Awaited.Name,
            AwaitedVersion = edge.Awaited.Version,
            HappenedAt = happenedAt,
        });

    /// <summary>Keeps a task of a run.</summary>
    public static Task<int> PutTaskAsync(SqlSession sql, string runId, RunTask task) => sql.ExecuteAsync(
        """
        INSERT INTO run_tasks (run_id, package, task_id, version, happened_at) VALUES (@RunId, @Package, @TaskId, @Version, @HappenedAt)
        ON CONFLICT (run_id, package, task_id) DO NOTHING
        """,
        new { RunId = runId, task.Package, task.TaskId, task.Version, task.HappenedAt });

    /// <summary>The edges out of a package in a run's plans.</summary>
    public static Task<IReadOnlyList<PlanEdgeRow>> ListFromAsync(SqlSession sql, string runId, string package) => sql.QueryAsync<PlanEdgeRow>(
        "SELECT package, version, awaited, awaited_version, happened_at FROM plan_edges WHERE run_id = @RunId AND package = @Package",
        new { RunId = runId, Package = package });

    /// <summary>The edges into a package in a run's plans.</summary>
    public static Task<IReadOnlyList<PlanEdgeRow>> ListIntoAsync(SqlSession sql, string runId, string awaited) => sql.QueryAsync<PlanEdgeRow>(
        "SELECT package, version, awaited, awaited_version, happened_at FROM plan_edges WHERE run_id = @RunId AND awaited = @Awaited",
        new { RunId = runId, Awaited = awaited });

    /// <summary>The tasks of a run for a package.</summary>
    public static Task<IReadOnlyList<RunTask>> ListTasksAsync(SqlSession sql, string runId, string package) => sql.QueryAsync<RunTask>(
        "SELECT package, task_id, version, happened_at FROM run_tasks WHERE run_id = @RunId AND package = @Package", new { RunId = runId, Package = package });

    public static async Task ResetAsync(SqlSession sql)
    {
        await sql.ExecuteAsync("DELETE FROM plan_edges");
        await sql.ExecuteAsync("DELETE FROM run_tasks");
    }
}

/// <summary>An edge of a run's plan.</summary>
internal sealed record PlanEdgeRow
{
    public required string Package { get; init; }
    public required string Version { get; init; }
    public required string Awaited { get; init; }
    public required string AwaitedVersion { get; init; }

    /// <summary>When the earliest plan was saved that says so.</summary>
    public required DateTimeOffset HappenedAt { get; init; }

    public PlanEdge Edge => new(new(Package, Version), new(Awaited, AwaitedVersion));
}

/// <summary>A task of a run.</summary>
internal sealed record RunTask
{
    public required string TaskId { get; init; }

    /// <summary>As PEP 503 compares names.</summary>
    public required string Package { get; init; }

    /// <summary>Empty where it is not known.</summary>
    public required string Version { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset HappenedAt { get; init; }
}
