using Microsoft.Extensions.Options;
using Refinery.Builds.Index;
using Refinery.Builds.Packages;
using Refinery.Builds.Processes;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Plans a rebuild: every requirement that holds for the target gets the sdist it will be built from.</summary>
internal sealed class RebuildPlanner(
    TargetInterpreter interpreter, SdistSource source, SourcesInForce sources, StoredWheels stored, IOptions<BuildOptions> options) : IRebuildPlanner
{
    public async Task<RebuildPlan> PlanAsync(string requirementsFile, bool reuse, CancellationToken cancellationToken)
    {
        try
        {
            var file = RequirementsFile.Read(requirementsFile);
            if (file.Lines.Count == 0)
            {
                throw new RequirementsException($"{requirementsFile} names no package; a line such as markupsafe==2.1.5 is expected.");
            }

            // Its builds look where it was planned from; what the settings say wins.
            sources.Current = IndexSettings.Of(options.Value).With(file.Options);
            RequireFolders(sources.Current);
            var python = await interpreter.AskAsync(cancellationToken);
            return await PlanAsync(file, python, reuse, cancellationToken);
        }
        catch (Exception fault) when (fault is RequirementsException or ChildStartException)
        {
            throw new PlanException(fault.Message, fault);
        }
    }

    private async Task<RebuildPlan> PlanAsync(RequirementsFile file, InterpreterInfo python, bool reuse, CancellationToken cancellationToken)
    {
        var nodes = new Dictionary<string, RebuildNode>(StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var line in file.For(python))
        {
            try
            {
                var node = await NodeAsync(line, python, reuse, cancellationToken);
                var name = Kernel.Web.PackageName.Normalize(node.Name);
                if (!nodes.TryAdd(name, node) && nodes[name].Version != node.Version)
                {
                    faults.Add($"{line.File}:{line.Line}: {node.Name} is asked for as {nodes[name].Version} and as {node.Version}; leave one.");
                }
            }
            catch (IndexException fault)
            {
                faults.Add($"{line.File}:{line.Line}: {fault.Message}");
            }
        }

        return faults.Count == 0 ? new RebuildPlan([.. nodes.Values, .. Skipped(file, python)]) : throw new PlanException(string.Join(Environment.NewLine, faults));
    }

    /// <summary>Told once here, not once for every line.</summary>
    private static void RequireFolders(IndexSettings settings)
    {
        var absent = settings.FindLinks.Where(link => Path.IsPathRooted(link) && !Directory.Exists(link)).ToList();
        if (absent.Count > 0)
        {
            throw new RequirementsException(string.Join(Environment.NewLine, absent.Select(link => $"FIND_LINKS names '{link}', which is no folder; one with sdists is expected.")));
        }
    }

    private static IEnumerable<RebuildNode> Skipped(RequirementsFile file, InterpreterInfo python) =>
        from line in file.Lines
        where !line.Requirement.AppliesTo(python)
        select new RebuildNode(line.Requirement.Name, null, python.PythonTag, python.PlatformTag, "skip", [], "its marker does not hold here");

    private async Task<RebuildNode> NodeAsync(RequirementLine line, InterpreterInfo python, bool reuse, CancellationToken cancellationToken)
    {
        var wanted = line.Requirement;
        var chosen = await source.ChooseAsync(wanted.Name, wanted.Specifiers, python, cancellationToken);
        var node = new RebuildNode(wanted.Name, chosen.Version.ToString(), python.PythonTag, python.PlatformTag, "build", line.Hashes, Why: null);
        return reuse && await ReusableAsync(line, chosen, python, cancellationToken) is { } wheel
            ? node with { Action = "reuse", Why = $"{wheel.FileName} is stored already", Wheel = wheel }
            : node;
    }

    /// <summary>The stored wheel of this source; none when the source is not the one asked for, which the build says then.</summary>
    private async Task<StoredWheel?> ReusableAsync(RequirementLine line, SdistCandidate chosen, InterpreterInfo python, CancellationToken cancellationToken)
    {
        var digests = await SdistSource.DigestsAsync(chosen, line.Hashes, cancellationToken);
        return line.Hashes.Count > 0 && !digests.Any(digest => line.Hashes.Contains(digest, StringComparer.OrdinalIgnoreCase))
            ? null
            : await stored.FindAsync(chosen, python, digests, cancellationToken);
    }
}
