using System.Buffers;

namespace Refinery.Hints;

/// <summary>Looks for many texts at once, and tells whose they are.</summary>
internal sealed class TextScan
{
    private readonly StringComparison comparison;
    private readonly SearchValues<string> texts;
    private readonly Dictionary<char, Entry[]> byFirstLetter;

    /// <param name="owned">Texts, each with the number of one who looks for it.</param>
    /// <param name="comparison">Ordinal, with or without case.</param>
    public TextScan(IEnumerable<(string Text, int Owner)> owned, StringComparison comparison)
    {
        this.comparison = comparison;
        var entries = owned
            .GroupBy(pair => pair.Text, pair => pair.Owner, StringComparer.Ordinal)
            .Select(group => new Entry(group.Key, [.. group]))
            .ToList();
        texts = SearchValues.Create([.. entries.Select(entry => entry.Text)], comparison);
        byFirstLetter = entries.GroupBy(entry => Fold(entry.Text[0])).ToDictionary(group => group.Key, group => group.ToArray());
    }

    /// <summary>Calls <paramref name="visit"/> with every owner of every text in the line; an owner may come twice.</summary>
    public void Run(ReadOnlySpan<char> line, Action<int> visit)
    {
        var rest = line;
        while (rest.IndexOfAny(texts) is var place and >= 0)
        {
            rest = rest[place..];
            VisitOwners(rest, visit);
            rest = rest[1..];
        }
    }

    private void VisitOwners(ReadOnlySpan<char> rest, Action<int> visit)
    {
        foreach (var entry in byFirstLetter[Fold(rest[0])])
        {
            if (rest.StartsWith(entry.Text, comparison))
            {
                Array.ForEach(entry.Owners, visit);
            }
        }
    }

    private char Fold(char letter) => comparison == StringComparison.OrdinalIgnoreCase ? char.ToUpperInvariant(letter) : letter;

    /// <summary>A text and those who look for it.</summary>
    private readonly record struct Entry(string Text, int[] Owners);
}
