using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>Two values compared: as versions where both are versions, else as texts.</summary>
internal sealed record MarkerComparison(MarkerValue Left, string Comparison, MarkerValue Right) : Marker
{
    public override bool IsTrue(InterpreterInfo interpreter, string? extra = null)
    {
        var left = Left.In(interpreter, extra);
        var right = Right.In(interpreter, extra);
        if (Names("extra"))
        {
            (left, right) = (PackageName.Normalize(left), PackageName.Normalize(right));
        }
        else if (VersionSpecifier.TryParse(Comparison + right) is { } clause && PepVersion.TryParse(left) is { } version)
        {
            return clause.Contains(version);
        }

        return CompareTexts(left, right);
    }

    private bool Names(string name) => (Left.IsName && Left.Text == name) || (Right.IsName && Right.Text == name);

    private bool CompareTexts(string left, string right) => Comparison switch
    {
        "in" => right.Contains(left, StringComparison.Ordinal),
        "not in" => !right.Contains(left, StringComparison.Ordinal),
        "==" or "===" => left == right,
        "!=" => left != right,
        "<" => string.CompareOrdinal(left, right) < 0,
        "<=" => string.CompareOrdinal(left, right) <= 0,
        ">" => string.CompareOrdinal(left, right) > 0,
        ">=" => string.CompareOrdinal(left, right) >= 0,
        "~=" => false, // has no meaning for texts
        _ => throw new InvalidOperationException($"The comparison {Comparison} has no rule."),
    };
}
