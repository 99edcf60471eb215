using Refinery.Kernel.Work;

namespace Refinery.Hints;

/// <summary>Reads a regular expression: its alternatives, and what every line that matches one must hold.</summary>
/// <remarks>
/// Reads the part of the syntax that patterns of log lines use and gives up on the rest: no requirement is always right,
/// only slower, because every line is then tried.
/// </remarks>
internal ref struct PatternReader
{
    private PatternCursor cursor;

    private PatternReader(ReadOnlySpan<char> pattern) => cursor = new PatternCursor(pattern);

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
        if (!reader.cursor.IsDone)
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
            var start = cursor.At;
            var requirement = Sequence();
            branches.Add(new PatternBranch(cursor.Since(start), requirement));
        }
        while (cursor.TryTake('|'));
        return branches;
    }

    private Requirement? Alternation() => Either([.. Branches().Select(branch => branch.Requirement)]);

    private Requirement? Sequence()
    {
        var run = new LiteralRun();
        while (cursor.IsInSequence)
        {
            var (letter, group) = Atom();
            var (isRequired, isRepeated) = cursor.Quantifier();
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

    private (char? Letter, Requirement? Group) Atom() => cursor.Next() switch
    {
        '(' => (null, Group()),
        '[' => Class(),
        '\\' => Escape(),
        '.' or '^' or '$' => (null, null),
        '*' or '+' or '?' => Unknown(),
        { } one => Letter(one),
        null => (null, null),
    };

    /// <summary>Other characters than ASCII have relatives in either case that no plain search knows, and so has k (the Kelvin sign).</summary>
    private readonly (char? Letter, Requirement? Group) Letter(char one) =>
        IgnoresCase && (!char.IsAscii(one) || one is 'k' or 'K' or 'i' or 'I') ? (null, null) : (one, null);

    private Requirement? Group()
    {
        if (cursor.TryTake("?i)"))
        {
            return null;
        }

        // Other options change what letters mean.
        if (!cursor.TryTake("?i:") && cursor.TryTake('?') && !cursor.TryTake(':') && !cursor.TrySkipName())
        {
            cursor.GiveUp();
            return null;
        }

        var inside = Alternation();
        cursor.Require(')');
        return inside;
    }

    private (char? Letter, Requirement? Group) Class()
    {
        cursor.SkipClass();
        return (null, null);
    }

    private (char? Letter, Requirement? Group) Escape() => cursor.Next() switch
    {
        't' => ('\t', null),
        'd' or 'D' or 'w' or 'W' or 's' or 'S' or 'b' or 'B' or 'A' or 'z' or 'Z' => (null, null),
        { } one when char.IsAscii(one) && !char.IsAsciiLetterOrDigit(one) && !char.IsControl(one) => (one, null),
        _ => Unknown(),
    };

    private (char? Letter, Requirement? Group) Unknown()
    {
        cursor.GiveUp();
        return (null, null);
    }
}

/// <summary>One alternative of a pattern.</summary>
/// <param name="Pattern">A regular expression itself.</param>
/// <param name="Requirement">What a line must hold; null when every line is to be tried.</param>
internal sealed record PatternBranch(string Pattern, Requirement? Requirement);
