using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>The edges between the tasks of a run that follow from its plans.</summary>
/// <remarks>
/// Three events make one: a plan and two tasks. Whichever comes last finds the other two, so their order does not matter, and the
/// edge is as old as the latest of them.
/// </remarks>
internal static class TaskEdges
{
    /// <summary>Keeps what an event says of a run, when it is one of ours.</summary>
    /// <returns>The edges that are there now because of it; some may have been there.</returns>
    public static async ValueTask<IReadOnlyList<NewEdge>> KeepAsync(SqlSession sql, JournalEvent link)
    {
        if (link.Target is not null || link.Payload.KeyMember("run_id") is not { } runId)
        {
            return [];
        }

        var edges = new List<NewEdge>();
        foreach (var edge in PlanEdge.Of(link))
        {
            // A plan mostly comes before its tasks.
            if (await PlanEdgeStore.PutEdgeAsync(sql, runId, edge, link.Timestamp) > 0 && await TasksAsync(sql, runId, edge.Waiting) is { Count: > 0 } waiting)
            {
                edges.AddRange(Between(waiting, await TasksAsync(sql, runId, edge.Awaited), link.Timestamp));
            }
        }

        if (Task(link) is { } task && await PlanEdgeStore.PutTaskAsync(sql, runId, task) > 0)
        {
            edges.AddRange(await EdgesOfAsync(sql, runId, task));
        }

        return edges;
    }

    private static async Task<IReadOnlyList<NewEdge>> EdgesOfAsync(SqlSession sql, string runId, RunTask task)
    {
        var edges = new List<NewEdge>();
        foreach (var row in (await PlanEdgeStore.ListFromAsync(sql, runId, task.Package)).Where(row => row.Edge.Waiting.IsBuiltBy(task)))
        {
            edges.AddRange(Between([task], await TasksAsync(sql, runId, row.Edge.Awaited), row.HappenedAt));
        }

        foreach (var row in (await PlanEdgeStore.ListIntoAsync(sql, runId, task.Package)).Where(row => row.Edge.Awaited.IsBuiltBy(task)))
        {
            edges.AddRange(Between(await TasksAsync(sql, runId, row.Edge.Waiting), [task], row.HappenedAt));
        }

        return edges;
    }

    private static async Task<IReadOnlyList<RunTask>> TasksAsync(SqlSession sql, string runId, PlannedPackage package) =>
        [.. (await PlanEdgeStore.ListTasksAsync(sql, runId, package.Name)).Where(package.IsBuiltBy)];

    private static IEnumerable<NewEdge> Between(IReadOnlyList<RunTask> waiting, IReadOnlyList<RunTask> awaited, DateTimeOffset planned) =>
        from source in waiting
        from target in awaited
        select new NewEdge(source.TaskId, EdgeType.DependsOn, target.TaskId, new[] { planned, source.HappenedAt, target.HappenedAt }.Max());

    private static RunTask? Task(JournalEvent link) =>
        link.EventType == "task.created" && link.Payload.KeyMember("task_id") is { } taskId && link.Payload.KeyMember("package") is { } package
            ? new RunTask
            {
                TaskId = taskId,
                Package = PackageName.Normalize(package),
                Version = link.Payload.TextMember("version") ?? string.Empty,
                HappenedAt = link.Timestamp,
            }
            : null;
}
