using System.Text;

namespace Refinery.Logs;

/// <summary>Gathers letters that must follow each other, and every requirement of a sequence.</summary>
internal sealed class LiteralRun
{
    private readonly StringBuilder letters = new();
    private readonly List<IReadOnlyList<string>> required = [];

    public void Add(char letter) => letters.Append(letter);

    /// <summary>What follows need not follow at once.</summary>
    public void End()
    {
        if (letters.Length > 0)
        {
            required.Add([letters.ToString()]);
            letters.Clear();
        }
    }

    /// <summary>Further requirements.</summary>
    public void Add(IReadOnlyList<IReadOnlyList<string>> more) => required.AddRange(more);

    /// <summary>All requirements, the one whose shortest text is longest first.</summary>
    public IReadOnlyList<IReadOnlyList<string>> All()
    {
        End();
        return [.. required.OrderByDescending(texts => texts.Min(text => text.Length))];
    }
}
