using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Work;

/// <summary>Journals what a run of this process intends to do. The Plan module implements it.</summary>
public interface IPlans
{
    /// <summary>Appends the plan to the journal within a unit of writes.</summary>
    /// <param name="sql">The session of the unit; the plan is kept when the unit commits.</param>
    /// <param name="runId">The run, 1–200 characters.</param>
    /// <param name="nodes">At least one.</param>
    /// <returns>The new plan's id.</returns>
    string Save(SqlSession sql, string runId, IReadOnlyList<RebuildNode> nodes);
}

/// <summary>Journals what became of wheels without a step of their own. The History module implements it.</summary>
public interface IHistory
{
    /// <summary>Appends to the journal, within a unit of writes, that a stored wheel was taken again.</summary>
    /// <param name="sql">The session of the unit; the event is kept when the unit commits.</param>
    /// <param name="runId">The run, 1–200 characters.</param>
    /// <param name="node">A node whose version is known.</param>
    /// <param name="detail">One sentence for a person.</param>
    void RecordReused(SqlSession sql, string runId, RebuildNode node, string detail);
}

/// <summary>Journals the manifest of a run. The Artifacts module implements it.</summary>
public interface IManifest
{
    /// <summary>Appends the entries to the journal within a unit of writes.</summary>
    /// <param name="sql">The session of the unit; the entries are kept when the unit commits.</param>
    /// <param name="entries">At least one.</param>
    void Save(SqlSession sql, IReadOnlyList<ManifestLine> entries);
}

/// <summary>What became of one wheel in a run; also a line of the file manifest.json.</summary>
/// <param name="Version">Empty when it never became known.</param>
/// <param name="Wheel">The wheel's file name; empty when there is none.</param>
/// <param name="Status">For example <c>built</c>, <c>reused</c> or <c>failed</c>.</param>
/// <param name="Sha256">64 lower-case hex digits; null when unknown.</param>
/// <param name="SizeBytes">The wheel's length; null when unknown.</param>
public sealed record ManifestLine(
    string Name, string Version, string Wheel, string PythonTag, string PlatformTag, string Status, string RunId, string? Sha256, long? SizeBytes);
