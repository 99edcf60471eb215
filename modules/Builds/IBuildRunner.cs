using Refinery.Builds.Processes;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>Turns an sdist into a wheel somewhere: in a process here, or in a container.</summary>
internal interface IBuildRunner
{
    /// <summary>The word for <c>BUILD_RUNNER</c>.</summary>
    string Name { get; }

    /// <summary>Builds; every line goes to the step's log.</summary>
    Task<ChildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken);
}

/// <summary>One sdist to build.</summary>
/// <param name="Sdist">Absolute path of the source archive.</param>
/// <param name="Output">Absolute path of the empty folder the wheel is to appear in.</param>
/// <param name="Python">Absolute path of the interpreter.</param>
/// <param name="Work">The attempt's work folder.</param>
/// <param name="PipRecipes">Python packages the build needs but does not declare.</param>
/// <param name="Settings">Environment settings from recipes, each <c>NAME=value</c>.</param>
internal sealed record BuildTask(
    string Sdist, string Output, string Python, WorkFolder Work, IReadOnlyList<string> PipRecipes, IReadOnlyList<string> Settings);
