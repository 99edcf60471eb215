using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Plan;

/// <summary>The hands of the plan: save one, read the newest.</summary>
internal static class PlanEndpoints
{
    public static void MapPlan(this IEndpointRouteBuilder routes)
    {
        var plan = routes.MapGroup("/api/plan").WithTags("Plan");
        plan.MapGet("/", NewestAsync).Produces<IReadOnlyList<PlanNode>>()
            .WithName("NewestPlan").WithSummary("The nodes of the newest plan.")
            .WithDescription("run_id asks for the newest plan of that run. Where no plan was saved the array is empty.");
        plan.MapPost("/", SaveAsync).RequireWorkerToken().Produces<PlanSaved>(StatusCodes.Status201Created)
            .WithExample("""{"run_id":"run-2026-01-24","plan":[{"name":"markupsafe","version":"2.1.5","python_tag":"cp311","platform_tag":"linux_x86_64","action":"build"}],"edges":[{"from":"markupsafe","to":"setuptools"}]}""")
            .WithName("SavePlan").WithSummary("Save what a run will do.")
            .WithDescription("Each node's action is build, reuse or skip; at least one node is expected. Edges are kept as they are; {\"from\":\"numpy\",\"to\":\"cython\"} and [\"numpy\",\"cython\"] (also name==version) say that numpy waits for cython, and the graph shows it between the run's tasks.");
    }

    private static async Task<IResult> NewestAsync(PlanStore plans, CancellationToken cancellationToken, [Microsoft.AspNetCore.Mvc.FromQuery(Name = "run_id")] string? runId = null) =>
        Results.Ok(await plans.NewestAsync(string.IsNullOrEmpty(runId) ? null : runId, cancellationToken));

    private static async Task<IResult> SaveAsync(Body<PlanRequest> body, PlanStore plans, Ids ids, CancellationToken cancellationToken)
    {
        var id = ids.New("plan");
        await plans.SaveAsync(id, body.Value, cancellationToken);
        var count = body.Value.Plan.Count;
        return Results.Created("/api/plan", new PlanSaved(count == 1 ? "A plan of 1 node was saved." : $"A plan of {count} nodes was saved.", id));
    }
}
