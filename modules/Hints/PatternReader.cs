using System.Buffers;
using System.Globalization;

namespace Refinery.Hints;

/// <summary>Reads a regular expression: its alternatives, and what every line that matches one must hold.</summary>
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

    /// <summary>The alternatives of a pattern that compiles; a line matches the pattern when it matches one of them.</summary>
    /// <param name="ignoresCase">True when the requirements' texts must be looked for in either case.</param>
    /// <returns>At least one; the whole pattern, with nothing required, where it is not understood.</returns>
    public static IReadOnlyList<PatternBranch> Read(string pattern, out bool ignoresCase)
    {
        var reader = new PatternReader(pattern) { IgnoresCase = pattern.Contains("(?i", StringComparison.Ordinal) };
        ignoresCase = reader.IgnoresCase;
        var branches = reader.Branches();
        if (reader.isUnknown || reader.at < pattern.Length)
        {
            return [new PatternBranch(pattern, Requirement: null)];
        }

        // An option in one alternative holds for those behind it, too, so they stay together.
        return ignoresCase ? [new PatternBranch(pattern, Either([.. branches.Select(branch => branch.Requirement)]))] : branches;
    }

    private static Requirement? Either(IReadOnlyList<Requirement?> branches) => branches switch
    {
        [var only] => only,
        _ when branches.OfType<Requirement>().ToList() is var known && known.Count == branches.Count => new Requirement.AnyOf(known),
        _ => null,
    };

    private List<PatternBranch> Branches()
    {
        var branches = new List<PatternBranch>();
        do
        {
            var start = at;
            var requirement = Sequence();
            branches.Add(new PatternBranch(pattern[start..at].ToString(), requirement));
        }
        while (TryTake('|'));
        return branches;
    }

    private Requirement? Alternation() => Either([.. Branches().Select(branch => branch.Requirement)]);

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

/// <summary>One alternative of a pattern.</summary>
/// <param name="Pattern">A regular expression itself.</param>
/// <param name="Requirement">What a line must hold; null when every line is to be tried.</param>
internal sealed record PatternBranch(string Pattern, Requirement? Requirement);
