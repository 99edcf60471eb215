using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Plan;

/// <summary>What a run intends to do with one wheel.</summary>
/// <param name="Name">The package.</param>
/// <param name="Version">The version; null while it is open.</param>
/// <param name="PythonTag">For example <c>cp311</c>; null for any.</param>
/// <param name="PlatformTag">For example <c>manylinux2014_x86_64</c>; null for any.</param>
/// <param name="Action">What is done.</param>
internal sealed record PlanNode(
    string Name, PlanAction Action, string? Version = null, string? PythonTag = null, string? PlatformTag = null) : IChecked
{
    public string? Fault() =>
        PackageName.Fault(Name, "name")
        ?? (Version is null ? null : PackageName.VersionFault(Version))
        ?? PlanText.Fault("python_tag", PythonTag)
        ?? PlanText.Fault("platform_tag", PlatformTag);
}

/// <summary>What is done with a plan's node.</summary>
internal enum PlanAction
{
    Build,
    Reuse,
    Skip,
}

/// <summary>A plan as its run writes it.</summary>
/// <param name="RunId">1–200 characters.</param>
/// <param name="Plan">At least one node.</param>
/// <param name="Edges">Which package waits for which, in the run's own form; kept as they are. The graph reads some forms.</param>
internal sealed record PlanRequest(string RunId, IReadOnlyList<PlanNode> Plan, IReadOnlyList<JsonElement>? Edges = null) : IChecked
{
    public string? Fault() =>
        RunId.Length == 0 ? "The field 'run_id' is empty; the run's id is expected."
        : PlanText.Fault("run_id", RunId) is { } fault ? fault
        : Plan.Count == 0 ? "The field 'plan' is an empty array; at least one node is expected."
        : NodeFault();

    private string? NodeFault()
    {
        foreach (var (index, node) in Plan.Index())
        {
            if (node is null)
            {
                return $"The field 'plan[{index}]' is null; a JSON object is expected.";
            }

            if (node.Fault() is { } fault)
            {
                return $"Node {index}: {fault}";
            }
        }

        return null;
    }
}

/// <summary>A plan was kept.</summary>
internal sealed record PlanSaved(string Detail, string Id);

/// <summary>The rule of the plan's short texts.</summary>
internal static class PlanText
{
    private const int MaxLength = 200;

    public static string? Fault(string field, string? text) => text is { Length: > MaxLength } || text?.Any(char.IsControl) == true
        ? $"The field '{field}' is {Errors.Quote(text)}; at most {MaxLength} characters without control characters are expected."
        : null;
}
