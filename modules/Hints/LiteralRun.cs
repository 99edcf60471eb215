using System.Text;

namespace Refinery.Hints;

/// <summary>Gathers the letters that must follow each other and the other parts of a sequence.</summary>
internal sealed class LiteralRun
{
    /// <summary>Shorter texts are in almost every line.</summary>
    private const int ShortestText = 3;

    private readonly StringBuilder letters = new();
    private readonly List<Requirement> parts = [];

    public void Add(char letter) => letters.Append(letter);

    /// <summary>What follows need not follow at once.</summary>
    /// <param name="part">Another requirement of the sequence; null when there is none.</param>
    public void Break(Requirement? part)
    {
        if (letters.Length >= ShortestText)
        {
            parts.Add(new Requirement.Text(letters.ToString()));
        }

        letters.Clear();
        parts.AddRange(part is null ? [] : [part]);
    }

    /// <summary>All that the sequence requires; null when nothing.</summary>
    public Requirement? Finish()
    {
        Break(null);
        return parts.Count switch
        {
            0 => null,
            1 => parts[0],
            _ => new Requirement.AllOf(parts),
        };
    }
}
