using Microsoft.Extensions.Options;
using Refinery.Builds.Index;
using Refinery.Builds.Packages;
using Refinery.Builds.Processes;
using Refinery.Builds.Wheels;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Builds one wheel from source: fetch the sdist, apply recipes, build, check, store.</summary>
internal sealed class WheelBuildHandler(
    SdistSource source, RecipeApplier recipes, BuildDiagnosis diagnosis, IBuildRunner runner, SourcesInForce sources,
    TargetInterpreter interpreter, IArtifacts artifacts, IOptions<BuildOptions> options, IDataDirectory data) : IStepHandler
{
    public string Type => StepTypes.WheelBuild;

    public async Task<StepOutcome> RunAsync(IStepContext step, CancellationToken cancellationToken)
    {
        try
        {
            var wanted = WheelArgs.Read(step.Args);
            if (wanted.Fault() is { } argumentFault)
            {
                return StepOutcome.Failure("invalid_args", argumentFault, retryable: false);
            }

            var python = await interpreter.AskAsync(cancellationToken);
            wanted = wanted with { PythonTag = wanted.PythonTag ?? python.PythonTag, PlatformTag = wanted.PlatformTag ?? python.PlatformTag };
            await step.LogAsync($"Refinery builds {wanted} for {wanted.PythonTag} on {wanted.PlatformTag}, attempt {step.Attempt}.");
            using var work = WorkFolder.Create(Path.Combine(data.Path, "work"), $"{wanted.Package}-{step.Attempt}", Ids.RandomHex(8));
            if (await recipes.ApplyAsync(step, work, cancellationToken) is { } recipeFault)
            {
                return StepOutcome.Failure("system_recipe_failed", recipeFault);
            }

            var sdist = await source.FetchAsync(wanted, python, work, step, cancellationToken);
            return await BuildAsync(new Build(wanted with { Version = sdist.Version.ToString() }, sdist, python, work), step, cancellationToken);
        }
        catch (IndexException fault)
        {
            await step.LogAsync(fault.Message);
            return StepOutcome.Failure(fault.Reason, fault.Message, retryable: fault.IsTransient);
        }
        catch (ChildStartException fault)
        {
            await step.LogAsync(fault.Message);
            return StepOutcome.Failure("build_failed", fault.Message, retryable: false);
        }
        catch (BuildRunnerException fault)
        {
            await step.LogAsync(fault.Message);
            return StepOutcome.Failure("runner_failed", fault.Message, retryable: fault.IsTransient);
        }
    }

    private async Task<StepOutcome> BuildAsync(Build build, IStepContext step, CancellationToken cancellationToken)
    {
        var task = TaskOf(build, step);
        var exit = await runner.BuildAsync(task, new HushedStep(step, IndexSecrets.Of(sources.Current)), cancellationToken);
        if (exit.TimedOut)
        {
            var late = $"{build.Wanted} was stopped after {options.Value.TimeoutSeconds} seconds (BUILD_TIMEOUT_SEC).";
            await step.LogAsync(late);
            return StepOutcome.Failure("timed_out", late, retryable: false);
        }

        if (!exit.Succeeded)
        {
            return await diagnosis.ExplainAsync(build.Wanted, exit, step, cancellationToken);
        }

        return await StoreAsync(build, task.Output, exit, step, cancellationToken);
    }

    private BuildTask TaskOf(Build build, IStepContext step)
    {
        var bounds = options.Value;
        var packages = step.Recipes.GetValueOrDefault("pip", []);
        return new BuildTask
        {
            Sdist = build.Sdist.Path,
            Output = build.Work.Folder("out"),
            Python = build.Python.Executable,
            Work = build.Work.Path,
            Mark = build.Work.Mark,
            Commands = places => PipCommands.Of(places, packages),
            Sources = sources.Current.ToBuildSources(),
            TimeLimit = TimeSpan.FromSeconds(bounds.TimeoutSeconds),
            PipRecipes = packages,
            Settings = step.Recipes.GetValueOrDefault("env", []),
            MemoryMegabytes = bounds.MemoryMegabytes,
            Cpus = bounds.Cpus,
            HasNetwork = bounds.Network == "1",
            Image = bounds.Image,
            Variables = TraceContext.Variables,
        };
    }

    private async Task<StepOutcome> StoreAsync(Build build, string output, BuildExit exit, IStepContext step, CancellationToken cancellationToken)
    {
        if (Directory.GetFiles(output, "*.whl") is not [var wheel])
        {
            return StepOutcome.Failure("wheel_rejected", $"The build of {build.Wanted} ended well but left no single wheel.", retryable: false);
        }

        var wanted = new WheelWanted(build.Wanted.Package, build.Wanted.Version ?? string.Empty, build.Wanted.PythonTag, build.Wanted.PlatformTag);
        if (WheelCheck.Inspect(wheel, wanted) is { } fault)
        {
            await step.LogAsync(fault);
            return StepOutcome.Failure("wheel_rejected", fault, retryable: false);
        }

        await using var content = File.OpenRead(wheel);
        var stored = await artifacts.StoreAsync(content, expectedSha256: null, cancellationToken)
            ?? throw new IOException("The artifact store refused a wheel without an expected digest.");
        var name = Path.GetFileName(wheel);
        await step.LogAsync($"Refinery stored {name} ({stored.SizeBytes} bytes, sha256 {stored.Sha256}).");
        return StepOutcome.Success($"Built {name} in {exit.Duration.TotalSeconds:0.0} s.") with
        {
            Artifacts = [new StepArtifact("wheel", name, stored.Sha256, stored.SizeBytes) { SourceSha256 = build.Sdist.Sha256 }],
        };
    }

    /// <summary>What one attempt has in hand.</summary>
    private sealed record Build(WheelArgs Wanted, FetchedSdist Sdist, InterpreterInfo Python, WorkFolder Work);
}
