using Refinery.Artifacts;
using Refinery.Builds;
using Refinery.Fleet;
using Refinery.Graph;
using Refinery.Hints;
using Refinery.History;
using Refinery.HttpSteps;
using Refinery.Kernel;
using Refinery.Logs;
using Refinery.Plan;
using Refinery.Queue;

namespace Refinery.Host;

/// <summary>The doors of all modules, by hand: the order here is the order of migrations and routes.</summary>
internal static class Modules
{
    public static IReadOnlyList<IModule> All { get; } =
    [
        new SystemModule(),
        new LogsModule(), // Before Fleet: what a dead process was writing is taken in before new logs begin.
        new QueueModule(),
        new FleetModule(),
        new HistoryModule(),
        new GraphModule(),
        new HintModule(),
        new PlanModule(),
        new BuildsModule(),
        new ArtifactsModule(),
        new HttpStepsModule(),
    ];
}
