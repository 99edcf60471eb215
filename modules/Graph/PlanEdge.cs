using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Graph;

/// <summary>One package of a plan waits for another.</summary>
/// <remarks>Source: docs/spec/control-plane-api.md, "Plan, manifest, artifacts".</remarks>
internal sealed record PlanEdge(PlannedPackage Waiting, PlannedPackage Awaited)
{
    /// <summary>The edges of a plan of ours that can be read, each once; a plan may write others in any form. Empty for any other event.</summary>
    public static IEnumerable<PlanEdge> Of(JournalEvent link) =>
        link is { Target: null, EventType: "plan.saved" } && link.Payload.Member("edges", JsonValueKind.Array) is { } edges
            ? edges.EnumerateArray().Select(Read).OfType<PlanEdge>().Where(edge => edge.Waiting.Name != edge.Awaited.Name).Distinct()
            : [];

    private static PlanEdge? Read(JsonElement edge) => edge.ValueKind switch
    {
        JsonValueKind.Object => Read(edge.TextMember("from"), edge.TextMember("to")),
        JsonValueKind.Array when edge.GetArrayLength() == 2 => Read(Text(edge[0]), Text(edge[1])),
        _ => null,
    };

    private static PlanEdge? Read(string? from, string? to) =>
        PlannedPackage.Read(from) is { } waiting && PlannedPackage.Read(to) is { } awaited ? new(waiting, awaited) : null;

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A package of a run.</summary>
/// <param name="Name">As PEP 503 compares names.</param>
/// <param name="Version">Letter by letter; empty for any.</param>
internal sealed record PlannedPackage(string Name, string Version)
{
    /// <summary>Whether a task for a package of this name is for this version.</summary>
    public bool IsBuiltBy(RunTask task) => Version.Length == 0 || Version == task.Version;

    /// <summary><c>name</c> or <c>name==version</c>; null for any other text.</summary>
    public static PlannedPackage? Read(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var parts = text.Split("==", 2);
        return PackageName.Fault(parts[0]) is null && (parts.Length == 1 || PackageName.VersionFault(parts[1]) is null)
            ? new(PackageName.Normalize(parts[0]), parts.Length == 1 ? string.Empty : parts[1])
            : null;
    }
}
