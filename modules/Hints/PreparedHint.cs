using Refinery.Kernel.Web;

namespace Refinery.Hints;

/// <summary>A hint made ready for searching.</summary>
internal sealed class PreparedHint
{
    private readonly HashSet<string>? packages;

    public PreparedHint(Hint hint)
    {
        Hint = hint;
        Requirement = PatternReader.Read(hint.Pattern, out var ignoresCase);
        Comparison = ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        packages = hint.AppliesTo is { Count: > 0 } names ? [.. names.Select(PackageName.Normalize)] : null;
    }

    public Hint Hint { get; }

    /// <summary>What a line must hold; null when every line is to be tried.</summary>
    public Requirement? Requirement { get; }

    /// <summary>How the requirement's texts are looked for.</summary>
    public StringComparison Comparison { get; }

    /// <summary>Whether the hint is for this package.</summary>
    /// <param name="package">Normalised; null when the failure is not a package's.</param>
    public bool AppliesTo(string? package) => packages is null || (package is not null && packages.Contains(package));
}
