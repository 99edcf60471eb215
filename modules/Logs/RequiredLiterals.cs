using System.Buffers;

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

    private static readonly SearchValues<char> CountLetters = SearchValues.Create("0123456789,");

    private readonly ReadOnlySpan<char> pattern;
    private int at;
    private bool isUnknown;

    private RequiredLiterals(ReadOnlySpan<char> pattern) => this.pattern = pattern;

    /// <summary>Lists of texts, of each of which one is in every match, the most telling list first; empty when nothing is required or known.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(string pattern)
    {
        var reader = new RequiredLiterals(pattern);
        var found = reader.Alternation();
        return reader.isUnknown || reader.at < pattern.Length ? [] : [.. found.Take(MaxLists)];
    }

    private IReadOnlyList<IReadOnlyList<string>> Alternation()
    {
        var first = Sequence();
        var alternatives = new List<string>(first.Count > 0 ? first[0] : []);
        var isKnown = first.Count > 0;
        var isSingle = true;
        while (TryTake('|'))
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
        while (!isUnknown && at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var (literal, group) = Atom();
            var (isRequired, isRepeated) = Quantifier();
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

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Atom()
    {
        var one = pattern[at++];
        return one switch
        {
            '(' => (null, Group()),
            '[' => Class(),
            '\\' => Escape(),
            '.' or '^' or '$' => (null, []),
            '*' or '+' or '?' => Unknown(),
            _ => char.IsSurrogate(one) || one is '\n' or '\r' ? (null, []) : (one, []),
        };
    }

    private IReadOnlyList<IReadOnlyList<string>> Group()
    {
        if (TryTake('?') && !TryTake(':') && !TrySkipName())
        {
            isUnknown = true; // Options change what letters mean; the rest this engine refuses itself.
            return [];
        }

        var inside = Alternation();
        isUnknown |= !TryTake(')');
        return inside;
    }

    private bool TrySkipName()
    {
        if (!TryTake('<') || at >= pattern.Length || !char.IsAsciiLetter(pattern[at]))
        {
            return false;
        }

        while (at < pattern.Length && (char.IsAsciiLetterOrDigit(pattern[at]) || pattern[at] == '_'))
        {
            at++;
        }

        return TryTake('>');
    }

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Class()
    {
        TryTake('^');
        TryTake(']');
        while (at < pattern.Length && pattern[at] != ']')
        {
            if (pattern[at] == '[')
            {
                return Unknown(); // Subtraction, or a bracket within: not worth reading.
            }

            at += pattern[at] == '\\' ? 2 : 1;
        }

        isUnknown |= !TryTake(']');
        return (null, []);
    }

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Escape()
    {
        if (at >= pattern.Length)
        {
            return Unknown();
        }

        var one = pattern[at++];
        return one switch
        {
            't' => ('\t', []),
            'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'b' or 'B' or 'A' or 'z' or 'Z' or 'n' or 'r' => (null, []),
            _ when char.IsAscii(one) && !char.IsAsciiLetterOrDigit(one) && !char.IsControl(one) => (one, []),
            _ => Unknown(),
        };
    }

    private (bool IsRequired, bool IsRepeated) Quantifier()
    {
        var (least, isRepeated) = Repetition();
        if (isRepeated)
        {
            TryTake('?');
        }

        return (least > 0, isRepeated);
    }

    private (int Least, bool IsRepeated) Repetition()
    {
        if (TryTake('+'))
        {
            return (1, true);
        }

        if (TryTake('*') || TryTake('?'))
        {
            return (0, true);
        }

        if (at + 1 < pattern.Length && pattern[at] == '{' && char.IsAsciiDigit(pattern[at + 1]))
        {
            var close = pattern[at..].IndexOf('}');
            var least = pattern[at + 1] == '0' ? 0 : 1;
            isUnknown |= close < 0 || pattern.Slice(at + 1, close - 1).ContainsAnyExcept(CountLetters);
            at += Math.Max(close, 0) + 1;
            return (least, true);
        }

        return (1, false);
    }

    private (char? Literal, IReadOnlyList<IReadOnlyList<string>> Group) Unknown()
    {
        isUnknown = true;
        return (null, []);
    }

    private bool TryTake(char wanted)
    {
        var isThere = at < pattern.Length && pattern[at] == wanted;
        at += isThere ? 1 : 0;
        return isThere;
    }
}
