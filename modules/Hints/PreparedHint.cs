using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>A hint made ready for searching.</summary>
internal sealed class PreparedHint
{
    private readonly HashSet<string>? packages;

    public PreparedHint(Hint hint)
    {
        Hint = hint;
        var branches = PatternReader.Read(hint.Pattern, out var ignoresCase);
        var comparison = ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        Branches = [.. branches.Select(branch => new PreparedBranch(this, branch, comparison))];
        packages = hint.AppliesTo is { Count: > 0 } names ? [.. names.Select(PackageName.Normalize)] : null;
    }

    public Hint Hint { get; }

    /// <summary>The hint matches a line when one of these does.</summary>
    public IReadOnlyList<PreparedBranch> Branches { get; }

    /// <summary>Whether the hint is for this package.</summary>
    /// <param name="package">Normalised; null when the failure is not a package's.</param>
    public bool AppliesTo(string? package) => packages is null || (package is not null && packages.Contains(package));
}

/// <summary>One alternative of a hint's pattern.</summary>
/// <param name="Comparison">How its requirement's texts are looked for.</param>
internal sealed record PreparedBranch(PreparedHint Hint, PatternBranch Branch, StringComparison Comparison)
{
    /// <summary>Whether the line holds what the pattern needs at all; quickly told.</summary>
    public bool MayMatch(ReadOnlySpan<char> line) => Branch.Requirement?.IsMet(line, Comparison) != false;
}
