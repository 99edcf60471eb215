namespace Refinery.Hints;

/// <summary>What a line must hold for a pattern to match it: a necessary condition that is cheap to check.</summary>
internal abstract record Requirement
{
    /// <summary>Every text named in here.</summary>
    public abstract IEnumerable<string> Texts { get; }

    /// <summary>Whether the line may match the pattern.</summary>
    public abstract bool IsMet(ReadOnlySpan<char> line, StringComparison comparison);

    /// <summary>The cheapest texts one of which every matching line holds.</summary>
    /// <param name="cost">What looking for a text costs; lower is better.</param>
    public abstract IReadOnlyList<string> Choose(Func<string, double> cost);

    /// <summary>The line holds this text.</summary>
    public sealed record Text(string Value) : Requirement
    {
        public override IEnumerable<string> Texts => [Value];

        public override bool IsMet(ReadOnlySpan<char> line, StringComparison comparison) => line.Contains(Value, comparison);

        public override IReadOnlyList<string> Choose(Func<string, double> cost) => [Value];
    }

    /// <summary>The line meets one of these.</summary>
    public sealed record AnyOf(IReadOnlyList<Requirement> Branches) : Requirement
    {
        public override IEnumerable<string> Texts => Branches.SelectMany(branch => branch.Texts);

        public override bool IsMet(ReadOnlySpan<char> line, StringComparison comparison)
        {
            foreach (var branch in Branches)
            {
                if (branch.IsMet(line, comparison))
                {
                    return true;
                }
            }

            return false;
        }

        public override IReadOnlyList<string> Choose(Func<string, double> cost) =>
            [.. Branches.SelectMany(branch => branch.Choose(cost)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The line meets all of these; at least one.</summary>
    public sealed record AllOf(IReadOnlyList<Requirement> Parts) : Requirement
    {
        public override IEnumerable<string> Texts => Parts.SelectMany(part => part.Texts);

        public override bool IsMet(ReadOnlySpan<char> line, StringComparison comparison)
        {
            foreach (var part in Parts)
            {
                if (!part.IsMet(line, comparison))
                {
                    return false;
                }
            }

            return true;
        }

        public override IReadOnlyList<string> Choose(Func<string, double> cost) =>
            Parts.Select(part => part.Choose(cost)).MinBy(texts => texts.Sum(cost)) ?? [];
    }
}
