using System.Text.Json;

namespace Refinery.Tests.Worker;

/// <summary>Three pods in three processes race for the same steps.</summary>
public sealed class WorkerRaceTests
{
    [Fact]
    public async Task Eight_claimers_in_three_processes_run_a_thousand_steps_once_each_by_priority_and_then_by_age()
    {
        var chance = new Random(3);
        await using var yard = await WorkerYard.StartAsync(leaseSeconds: 30);
        var steps = new List<(string Id, int Priority)>();
        for (var number = 0; number < 1000; number++)
        {
            var priority = chance.Next(5);
            steps.Add((await yard.SubmitAsync(yard.Plugin.Step(priority: priority)), priority));
        }

        yard.StartWorker("a", concurrency: 3);
        yard.StartWorker("b", concurrency: 3);
        yard.StartWorker("c", concurrency: 2);
        await yard.UntilAsync("completed", [.. steps.Select(step => step.Id)]);

        Assert.Equal(steps.Select(step => $"{step.Id}@1").Order(StringComparer.Ordinal), yard.Plugin.Found().Order(StringComparer.Ordinal));
        var claims = Claims(yard);
        Assert.Equal(steps.OrderByDescending(step => step.Priority).Select(step => step.Id), claims.Select(claim => claim.StepId));
        Assert.Equal(3, claims.Select(claim => claim.PodId).Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>Who was given which step, in order, as the journal tells it.</summary>
    private static List<(string StepId, string PodId)> Claims(WorkerYard yard) =>
    [
        .. File.ReadLines(yard.Folder.File("data/journal.ndjson"))
            .Select(line => JsonElement.Parse(line).GetProperty("event"))
            .Where(link => link.GetProperty("event_type").GetString() == "attempt.created")
            .Select(link => link.GetProperty("payload"))
            .Select(payload => (payload.GetProperty("task_id").GetString()!, payload.GetProperty("pod_id").GetString()!)),
    ];
}
