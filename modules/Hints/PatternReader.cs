using System.Buffers;
using System.Globalization;

namespace Refinery.Hints;

/// <summary>Reads from a regular expression what every line it matches must hold.</summary>
/// <remarks>
/// Reads the part of the syntax that patterns of log lines use and gives up on the rest: no requirement is always right,
/// only slower, because every line is then tried.
/// </remarks>
internal ref struct PatternReader
{
    private static readonly SearchValues<char> CountLetters = SearchValues.Create("0123456789,");

    private readonly ReadOnlySpan<char> pattern;
    private int at;
    private bool isUnknown;

    private PatternReader(ReadOnlySpan<char> pattern) => this.pattern = pattern;

    /// <summary>True when letters match in either case; the whole requirement is then looked for so.</summary>
    private bool IgnoresCase { get; set; }

    /// <summary>The requirement of a pattern that compiles; null when nothing is known.</summary>
    /// <param name="ignoresCase">True when its texts must be looked for in either case.</param>
    public static Requirement? Read(string pattern, out bool ignoresCase)
    {
        var reader = new PatternReader(pattern) { IgnoresCase = pattern.Contains("(?i", StringComparison.Ordinal) };
        var requirement = reader.Alternation();
        ignoresCase = reader.IgnoresCase;
        return reader.isUnknown || reader.at < pattern.Length ? null : requirement;
    }

    private Requirement? Alternation()
    {
        var branches = new List<Requirement>();
        var isKnown = true;
        do
        {
            var branch = Sequence();
            isKnown &= branch is not null;
            branches.AddRange(branch is null ? [] : [branch]);
        }
        while (TryTake('|'));
        return isKnown ? branches is [var only] ? only : new Requirement.AnyOf(branches) : null;
    }

    private Requirement? Sequence()
    {
        var run = new LiteralRun();
        while (!isUnknown && at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var (letter, group) = Atom();
            var (isRequired, isRepeated) = Quantifier();
            if (isRequired && letter is { } one)
            {
                run.Add(one);
            }
            else
            {
                run.Break(isRequired ? group : null);
            }

            if (isRepeated)
            {
                run.Break(null);
            }
        }

        return run.Finish();
    }

    private (char? Letter, Requirement? Group) Atom()
    {
        var one = pattern[at++];
        return one switch
        {
            '(' => (null, Group()),
            '[' => Class(),
            '\\' => Escape(),
            '.' or '^' or '$' => (null, null),
            '*' or '+' or '?' => Unknown(),
            _ => Letter(one),
        };
    }

    /// <summary>Other characters than ASCII have relatives in either case that no plain search knows, and so has k (the Kelvin sign).</summary>
    private readonly (char? Letter, Requirement? Group) Letter(char one) =>
        IgnoresCase && (!char.IsAscii(one) || one is 'k' or 'K' or 'i' or 'I') ? (null, null) : (one, null);

    private Requirement? Group()
    {
        if (TryTake("?i)"))
        {
            return null;
        }

        // Other options change what letters mean.
        if (!TryTake("?i:") && TryTake('?') && !TryTake(':') && !TrySkipName())
        {
            isUnknown = true;
            return null;
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

    private (char? Letter, Requirement? Group) Class()
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
        return (null, null);
    }

    private (char? Letter, Requirement? Group) Escape()
    {
        if (at >= pattern.Length)
        {
            return Unknown();
        }

        var one = pattern[at++];
        return one switch
        {
            't' => ('\t', null),
            'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'b' or 'B' or 'A' or 'z' or 'Z' => (null, null),
            _ when char.IsAscii(one) && !char.IsAsciiLetterOrDigit(one) && !char.IsControl(one) => (one, null),
            _ => Unknown(),
        };
    }

    private (bool IsRequired, bool IsRepeated) Quantifier()
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

        return at < pattern.Length && pattern[at] == '{' ? Count() : (true, false);
    }

    /// <summary><c>{2}</c>, <c>{2,}</c>, <c>{2,5}</c>; a brace that counts nothing is a letter.</summary>
    private (bool IsRequired, bool IsRepeated) Count()
    {
        var close = pattern[at..].IndexOf('}');
        var inside = close < 0 ? default : pattern.Slice(at + 1, close - 1);
        if (inside.IsEmpty || !char.IsAsciiDigit(inside[0]) || inside.ContainsAnyExcept(CountLetters))
        {
            return (true, false);
        }

        at += close + 1;
        var comma = inside.IndexOf(',');
        var least = comma < 0 ? inside : inside[..comma];
        return (int.TryParse(least, CultureInfo.InvariantCulture, out var count) && count > 0, true);
    }

    private (char? Letter, Requirement? Group) Unknown()
    {
        isUnknown = true;
        return (null, null);
    }

    private bool TryTake(char wanted)
    {
        var isThere = at < pattern.Length && pattern[at] == wanted;
        at += isThere ? 1 : 0;
        return isThere;
    }

    private bool TryTake(string wanted)
    {
        var isThere = pattern[at..].StartsWith(wanted, StringComparison.Ordinal);
        at += isThere ? wanted.Length : 0;
        return isThere;
    }
}
