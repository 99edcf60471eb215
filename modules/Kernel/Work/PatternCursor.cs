using System.Buffers;
using System.Globalization;

namespace Refinery.Kernel.Work;

/// <summary>Walks over the text of a regular expression that compiles: what readers of different requirements have in common.</summary>
/// <remarks>It knows the part of the syntax that patterns of log lines use and gives up on the rest; a reader that gave up requires nothing.</remarks>
/// <param name="pattern">The whole pattern.</param>
public ref struct PatternCursor(ReadOnlySpan<char> pattern)
{
    private static readonly SearchValues<char> CountLetters = SearchValues.Create("0123456789,");

    private readonly ReadOnlySpan<char> pattern = pattern;
    private bool isLost;

    /// <summary>The place of the next character.</summary>
    public int At { get; private set; }

    /// <summary>True when all was read and understood.</summary>
    public readonly bool IsDone => !isLost && At == pattern.Length;

    /// <summary>True while the sequence at hand goes on.</summary>
    public readonly bool IsInSequence => !isLost && At < pattern.Length && pattern[At] is not ('|' or ')');

    /// <summary>Gives up: what was met is not understood, and the sequence at hand ends here.</summary>
    public void GiveUp() => isLost = true;

    /// <summary>Takes the next character.</summary>
    /// <returns>Null at the end, where one was wanted: the cursor has then given up.</returns>
    public char? Next()
    {
        if (At < pattern.Length)
        {
            return pattern[At++];
        }

        isLost = true;
        return null;
    }

    /// <summary>What was read since a place.</summary>
    /// <param name="start">An earlier value of <see cref="At"/>.</param>
    public readonly string Since(int start) => pattern[start..At].ToString();

    /// <summary>Takes a character if it is the next.</summary>
    public bool TryTake(char wanted)
    {
        var isThere = At < pattern.Length && pattern[At] == wanted;
        At += isThere ? 1 : 0;
        return isThere;
    }

    /// <summary>Takes a text if it is the next.</summary>
    public bool TryTake(string wanted)
    {
        var isThere = pattern[At..].StartsWith(wanted, StringComparison.Ordinal);
        At += isThere ? wanted.Length : 0;
        return isThere;
    }

    /// <summary>Takes a character that must be there, or gives up.</summary>
    public void Require(char wanted) => isLost |= !TryTake(wanted);

    /// <summary>Takes the name of a group, <c>&lt;name&gt;</c>, if it is the next.</summary>
    public bool TrySkipName()
    {
        if (!TryTake('<') || At >= pattern.Length || !char.IsAsciiLetter(pattern[At]))
        {
            return false;
        }

        while (At < pattern.Length && (char.IsAsciiLetterOrDigit(pattern[At]) || pattern[At] == '_'))
        {
            At++;
        }

        return TryTake('>');
    }

    /// <summary>Takes the rest of a class of characters, its bracket being read.</summary>
    public void SkipClass()
    {
        TryTake('^');
        TryTake(']');
        while (At < pattern.Length && pattern[At] != ']')
        {
            if (pattern[At] == '[')
            {
                isLost = true; // Subtraction, or a bracket within: not worth reading.
                return;
            }

            At += pattern[At] == '\\' ? 2 : 1;
        }

        Require(']');
    }

    /// <summary>Takes how often the thing before is wanted.</summary>
    /// <returns>Whether it must be there at all, and whether it may be there more or less than once.</returns>
    public (bool IsRequired, bool IsRepeated) Quantifier()
    {
        var (isRequired, isRepeated) = Repetition();
        if (isRepeated)
        {
            TryTake('?');
        }

        return (isRequired, isRepeated);
    }

    private (bool IsRequired, bool IsRepeated) Repetition()
    {
        if (TryTake('+'))
        {
            return (true, true);
        }

        if (TryTake('*') || TryTake('?'))
        {
            return (false, true);
        }

        return At < pattern.Length && pattern[At] == '{' ? Count() : (true, false);
    }

    /// <summary><c>{2}</c>, <c>{2,}</c>, <c>{2,5}</c>; a brace that counts nothing is a letter.</summary>
    private (bool IsRequired, bool IsRepeated) Count()
    {
        var close = pattern[At..].IndexOf('}');
        var inside = close < 0 ? default : pattern.Slice(At + 1, close - 1);
        if (inside.IsEmpty || !char.IsAsciiDigit(inside[0]) || inside.ContainsAnyExcept(CountLetters))
        {
            return (true, false);
        }

        At += close + 1;
        var comma = inside.IndexOf(',');
        var least = comma < 0 ? inside : inside[..comma];
        return (int.TryParse(least, CultureInfo.InvariantCulture, out var count) && count > 0, true);
    }
}
