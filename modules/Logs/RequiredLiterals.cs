using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Reads out of a regular expression the texts one of which every match must hold, so that the index can be asked.</summary>
/// <remarks>
/// Knows a part of the syntax and gives up on the rest: an empty answer is always right, only slower. A sequence
/// requires what each of its parts requires; an alternation requires one text of those of its branches.
/// </remarks>
internal ref struct RequiredLiterals
{
    private const int MaxAlternatives = 16;
    private const int MaxLists = 8;

    private PatternCursor cursor;

    private RequiredLiterals(ReadOnlySpan<char> pattern) => cursor = new PatternCursor(pattern);

    /// <summary>Lists of texts, of each of which one is in every match, the most telling list first; empty when nothing is required or known.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(string pattern)
    {
        var reader = new RequiredLiterals(pattern);
        var found = reader.Alternation();
        return reader.cursor.IsDone ? [.. found.Take(MaxLists)] : [];
    }

    private IReadOnlyList<IReadOnlyList<string>> Alternation()
    {
        var first = Sequence();
        var alternatives = new List<string>(first.Count > 0 ? first[0] : []);
        var isKnown = first.Count > 0;
        var isSingle = true;
        while (cursor.TryTake('|'))
        {
            isSingle = false;
            var branch = Sequence();
            isKnown &= branch.Count > 0;
            alternatives.AddRange(branch.Count > 0 ? branch[0] : []);
        }

        if (isSingle)
        {
            return first;
        }

        return isKnown && alternatives.Count <= MaxAlternatives ? [alternatives] : [];
    }

    private IReadOnlyList<IReadOnlyList<string>> Sequence()
    {
        var run = new LiteralRun();
        while (cursor.IsInSequence)
        {
            var (literal, group) = Atom();
            var (isRequired, isRepeated) = cursor.Quantifier();
            if (literal is { } one && isRequired)
            {
                run.Add(one);
            }
            else
            {
                run.End();
                run.Add(isRequired ? group : []);
            }

            if (isRepeated)
            {
                run.End();
            }
        }

        return run.All();
    }

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Atom() => cursor.Next() switch
    {
        '(' => (null, Group()),
        '[' => Class(),
        '\\' => Escape(),
        '.' or '^' or '$' => (null, []),
        '*' or '+' or '?' => Unknown(),
        { } one => char.IsSurrogate(one) || one is '\n' or '\r' ? (null, []) : (one, []),
        null => (null, []),
    };

    private IReadOnlyList<IReadOnlyList<string>> Group()
    {
        if (cursor.TryTake('?') && !cursor.TryTake(':') && !cursor.TrySkipName())
        {
            cursor.GiveUp(); // Options change what letters mean; the rest this engine refuses itself.
            return [];
        }

        var inside = Alternation();
        cursor.Require(')');
        return inside;
    }

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Class()
    {
        cursor.SkipClass();
        return (null, []);
    }

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Escape() => cursor.Next() switch
    {
        't' => ('\t', []),
        'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'b' or 'B' or 'A' or 'z' or 'Z' or 'n' or 'r' => (null, []),
        { } one when char.IsAscii(one) && !char.IsAsciiLetterOrDigit(one) && !char.IsControl(one) => (one, []),
        _ => Unknown(),
    };

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Unknown()
    {
        cursor.GiveUp();
        return (null, []);
    }
}
