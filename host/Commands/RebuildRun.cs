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
    private readonly RebuildOutput output = new(services.GetRequiredService<IArtifacts>(), outputFolder);
    private IReadOnlyList<RebuildWheel> wheels = [];

    /// <summary>Runs it.</summary>
    /// <param name="reuse">Whether stored wheels are taken again.</param>
    /// <returns>0 when every wheel was built or reused, else 1.</returns>
    public async Task<int> RunAsync(string requirementsFile, bool reuse, CancellationToken cancellationToken)
    {
        var plan = await services.GetRequiredService<IRebuildPlanner>().PlanAsync(requirementsFile, reuse, cancellationToken);
        output.MakeFolder();
        wheels = [.. plan.Nodes.Select(node => new RebuildWheel(node))];
        await SavePlanAsync(cancellationToken);
        var start = (await journal.HeadAsync(cancellationToken)).Sequence;
        await SubmitAsync(cancellationToken);
        var view = RebuildView.Create(wheels);
        await view.ShowAsync(() => FollowAsync(start, view, cancellationToken));
        await output.WriteAsync(wheels, runId, cancellationToken);
        await new RebuildFailures(services.GetRequiredService<ILogTexts>(), services.GetRequiredService<IHints>(), outputFolder).CollectAsync(wheels, cancellationToken);
        RebuildView.Summarize(wheels, outputFolder);
        return wheels.All(wheel => wheel.IsGood) ? 0 : 1;
    }

    /// <summary>Cancels what an interrupted run left waiting and writes what it had done; to be called when nothing is claimed any more.</summary>
    /// <returns>How far it came, as a sentence.</returns>
    public async Task<string> AbandonAsync()
    {
        await services.GetRequiredService<IStepCancel>().CancelAsync(
            [.. wheels.Select(wheel => wheel.StepId).OfType<string>()], [StepStatus.Pending], "rebuild", "Cancelled by Ctrl-C.", CancellationToken.None);
        var wanted = wheels.Where(wheel => wheel.Status != "skipped").ToList();
        var done = wanted.Where(wheel => wheel.IsGood).ToList();
        if (done.Count > 0)
        {
            await output.WriteAsync(done, runId, CancellationToken.None);
        }

        return wanted.Count == 0
            ? "Stopped; nothing half-built was kept."
            : $"Stopped; nothing half-built was kept. {done.Count} of {wanted.Count} done; run the same command to go on.";
    }

    /// <summary>Journals the plan, and for the wheels that are there already what would follow from building them.</summary>
    private Task<int> SavePlanAsync(CancellationToken cancellationToken)
    {
        var (plans, history, manifest) = (services.GetRequiredService<IPlans>(), services.GetRequiredService<IHistory>(), services.GetRequiredService<IManifest>());
        var reused = wheels.Where(wheel => wheel.Status == "reused").ToList();
        return services.GetRequiredService<Database>().WriteAsync(
            sql =>
            {
                plans.Save(sql, runId, [.. wheels.Select(wheel => wheel.Node)]);
                foreach (var wheel in reused)
                {
                    history.RecordReused(sql, runId, wheel.Node, $"{wheel.FileName} was stored by an earlier build of the same source.");
                }

                if (reused.Count > 0)
                {
                    manifest.Save(sql, [.. reused.Select(wheel => wheel.Entry(runId))]);
                }

                return Task.FromResult(reused.Count);
            },
            cancellationToken);
    }

    private async Task SubmitAsync(CancellationToken cancellationToken)
    {
        var building = wheels.Where(wheel => wheel.Node.Action == "build").ToList();
        if (building.Count == 0)
        {
            return;
        }

        var submitted = await steps.SubmitAsync([.. building.Select(Step)], cancellationToken);
        foreach (var (wheel, step) in building.Zip(submitted))
        {
            wheel.StepId = step.StepId;
        }

        services.GetRequiredService<ILocalWorker>().Confine([.. submitted.Select(step => step.StepId)]);
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

    private async Task FollowAsync(long start, RebuildView view, CancellationToken cancellationToken)
    {
        var byStep = wheels.Where(wheel => wheel.StepId is not null).ToDictionary(wheel => wheel.StepId ?? string.Empty, StringComparer.Ordinal);
        if (byStep.Count == 0)
        {
            return;
        }

        await foreach (var happened in journal.FollowAsync(start, cancellationToken))
        {
            if (happened.Payload.TextMember("task_id") is { } stepId
                && byStep.TryGetValue(stepId, out var wheel)
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
}
