using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary>One rebuild from plan to manifest, told by the journal as it happens.</summary>
internal sealed class RebuildRun(IServiceProvider services, string outputFolder)
{
    private readonly ISteps steps = services.GetRequiredService<ISteps>();
    private readonly EventJournal journal = services.GetRequiredService<EventJournal>();
    private readonly string runId = services.GetRequiredService<Ids>().New("run");

    /// <summary>Runs it.</summary>
    /// <returns>0 when every wheel was built, else 1.</returns>
    public async Task<int> RunAsync(string requirementsFile, CancellationToken cancellationToken)
    {
        var plan = await services.GetRequiredService<IRebuildPlanner>().PlanAsync(requirementsFile, cancellationToken);
        await SavePlanAsync(plan, cancellationToken);
        var start = (await journal.HeadAsync(cancellationToken)).Sequence;
        var wheels = await SubmitAsync(plan, cancellationToken);
        var view = RebuildView.Create(wheels);
        try
        {
            await view.ShowAsync(() => FollowAsync(wheels, start, view, cancellationToken));
        }
        catch (OperationCanceledException stop) when (cancellationToken.IsCancellationRequested)
        {
            await steps.CancelWaitingAsync(StepTypes.WheelBuild, "Cancelled by Ctrl-C.", CancellationToken.None);
            throw new StartupException("Stopped; nothing half-built was kept.", stop);
        }

        await WriteAsync(wheels, cancellationToken);
        RebuildView.Summarize(wheels, outputFolder);
        return wheels.All(wheel => wheel.IsGood) ? 0 : 1;
    }

    private Task<long> SavePlanAsync(RebuildPlan plan, CancellationToken cancellationToken)
    {
        var nodes = plan.Nodes.Select(node => new { node.Name, Version = node.Version ?? string.Empty, node.PythonTag, node.PlatformTag, node.Action });
        return services.GetRequiredService<Database>().WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("plan.saved", new EventPayload().Add("run_id", runId).AddValue("plan", nodes)) { ActorId = "refinery" });
                return Task.FromResult(0L);
            },
            cancellationToken);
    }

    private async Task<IReadOnlyList<RebuildWheel>> SubmitAsync(RebuildPlan plan, CancellationToken cancellationToken)
    {
        var wheels = plan.Nodes.Select(node => new RebuildWheel(node)).ToList();
        var building = wheels.Where(wheel => wheel.Node.Action == "build").ToList();
        if (building.Count == 0)
        {
            return wheels;
        }

        var submitted = await steps.SubmitAsync([.. building.Select(Step)], cancellationToken);
        foreach (var (wheel, step) in building.Zip(submitted))
        {
            wheel.StepId = step.StepId;
        }

        return wheels;
    }

    private NewStep Step(RebuildWheel wheel) => new()
    {
        Type = StepTypes.WheelBuild,
        Args = JsonSerializer.SerializeToElement(
            new
            {
                package = wheel.Node.Name,
                version = wheel.Node.Version,
                python_tag = wheel.Node.PythonTag,
                platform_tag = wheel.Node.PlatformTag,
                hashes = wheel.Node.Sha256,
            }),
        Metadata = JsonSerializer.SerializeToElement(new { run_id = runId }),
    };

    private async Task FollowAsync(IReadOnlyList<RebuildWheel> wheels, long start, RebuildView view, CancellationToken cancellationToken)
    {
        var byStep = wheels.Where(wheel => wheel.StepId is not null).ToDictionary(wheel => wheel.StepId ?? string.Empty, StringComparer.Ordinal);
        if (byStep.Count == 0)
        {
            return;
        }

        await foreach (var happened in journal.FollowAsync(start, cancellationToken))
        {
            if (happened.Payload.TryGetProperty("task_id", out var id)
                && byStep.TryGetValue(id.GetString() ?? string.Empty, out var wheel)
                && wheel.Apply(happened))
            {
                view.Update(wheel);
            }

            if (byStep.Values.All(known => known.IsDone))
            {
                return;
            }
        }
    }

    private async Task WriteAsync(IReadOnlyList<RebuildWheel> wheels, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(outputFolder);
        var artifacts = services.GetRequiredService<IArtifacts>();
        foreach (var wheel in wheels.Where(wheel => wheel.Sha256 is not null))
        {
            await using var content = await artifacts.OpenAsync(wheel.Sha256 ?? string.Empty, cancellationToken)
                ?? throw new IOException($"The wheel {wheel.FileName} is gone from the artifact store.");
            await WriteWholeAsync(Path.Combine(outputFolder, wheel.FileName ?? string.Empty), content, cancellationToken);
        }

        var entries = wheels.Where(wheel => wheel.Node.Action == "build").Select(wheel => wheel.Entry(runId));
        using var manifest = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(entries, Indented));
        await WriteWholeAsync(Path.Combine(outputFolder, "manifest.json"), manifest, cancellationToken);
    }

    /// <summary>Under a temporary name first, so that no reader and no interruption leaves half a file.</summary>
    private static async Task WriteWholeAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        var half = path + ".part";
        try
        {
            await using (var file = File.Create(half))
            {
                await content.CopyToAsync(file, cancellationToken);
            }

            File.Move(half, path, overwrite: true);
        }
        finally
        {
            File.Delete(half);
        }
    }

    private static readonly JsonSerializerOptions Indented = new(Kernel.Web.RefineryJson.Options) { WriteIndented = true };
}
