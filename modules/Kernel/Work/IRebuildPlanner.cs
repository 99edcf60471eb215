namespace Refinery.Kernel.Work;

/// <summary>Turns a requirements file into a plan. The Builds module implements it.</summary>
public interface IRebuildPlanner
{
    /// <summary>Reads the file, finds a source for every requirement that holds for the target, and decides what to build.</summary>
    /// <param name="requirementsFile">Path of a requirements file in pip's form.</param>
    /// <param name="reuse">Whether a wheel that is stored already, of the same source and for the same target, is taken again.</param>
    /// <exception cref="PlanException">The file is wrong, or a requirement has no source; one sentence a fault.</exception>
    Task<RebuildPlan> PlanAsync(string requirementsFile, bool reuse, CancellationToken cancellationToken);
}

/// <summary>What a rebuild will do.</summary>
/// <param name="Nodes">In the order of the file; each package once.</param>
public sealed record RebuildPlan(IReadOnlyList<RebuildNode> Nodes);

/// <summary>One package of a plan.</summary>
/// <param name="Version">Null only for a node that is skipped.</param>
/// <param name="Action"><c>build</c>, <c>reuse</c> or <c>skip</c>.</param>
/// <param name="Sha256">Digests the sdist may have; empty for any.</param>
/// <param name="Why">Why it is skipped or reused, in a few words; null otherwise.</param>
/// <param name="Wheel">The stored wheel that is reused; null otherwise.</param>
public sealed record RebuildNode(
    string Name, string? Version, string PythonTag, string PlatformTag, string Action, IReadOnlyList<string> Sha256, string? Why, StoredWheel? Wheel = null);

/// <summary>A wheel that an earlier build stored.</summary>
/// <param name="FileName">Its name without a folder.</param>
/// <param name="Sha256">64 lower-case hex digits; the artifact store has it under them.</param>
/// <param name="SizeBytes">Its length.</param>
public sealed record StoredWheel(string FileName, string Sha256, long SizeBytes);

/// <summary>There can be no plan; the message has one sentence a fault, a line each.</summary>
public sealed class PlanException : Exception
{
    public PlanException()
    {
    }

    public PlanException(string message)
        : base(message)
    {
    }

    public PlanException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
