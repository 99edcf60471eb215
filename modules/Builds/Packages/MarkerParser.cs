using System.Collections.Frozen;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>Reads the text of a marker: comparisons, <c>and</c>, <c>or</c> and parentheses; <c>and</c> binds closer.</summary>
internal sealed class MarkerParser
{
    // Recursion ends here, long before the stack does.
    private const int MaxDepth = 50;

    private static readonly string[] Comparisons = ["===", "==", "!=", "~=", "<=", ">=", "<", ">"];

    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal,
        "python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system", "platform_version",
        "platform_machine", "platform_python_implementation", "implementation_name", "implementation_version", "extra");

    // PEP 345's spellings, still met in old packages.
    private static readonly FrozenDictionary<string, string> OldNames = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["os.name"] = "os_name",
        ["sys.platform"] = "sys_platform",
        ["platform.version"] = "platform_version",
        ["platform.machine"] = "platform_machine",
        ["platform.python_implementation"] = "platform_python_implementation",
        ["python_implementation"] = "platform_python_implementation",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly string text;
    private readonly TextCursor cursor;

    private MarkerParser(string text)
    {
        this.text = text;
        cursor = new TextCursor(text);
    }

    /// <exception cref="FormatException">The text is no marker; the message is one sentence.</exception>
    public static Marker Read(string text)
    {
        var parser = new MarkerParser(text);
        var marker = parser.ReadOr(depth: 0);
        return parser.cursor.AtEnd ? marker : throw parser.Fault("'and', 'or' or the end");
    }

    private Marker ReadOr(int depth)
    {
        var marker = ReadAnd(depth);
        while (cursor.TakeWord("or"))
        {
            marker = new MarkerOr(marker, ReadAnd(depth));
        }

        return marker;
    }

    private Marker ReadAnd(int depth)
    {
        var marker = ReadOne(depth);
        while (cursor.TakeWord("and"))
        {
            marker = new MarkerAnd(marker, ReadOne(depth));
        }

        return marker;
    }

    private Marker ReadOne(int depth)
    {
        if (depth > MaxDepth)
        {
            throw Fault($"at most {MaxDepth} nested parentheses");
        }

        if (!cursor.Take("("))
        {
            return new MarkerComparison(ReadValue(), ReadComparison(), ReadValue());
        }

        var marker = ReadOr(depth + 1);
        return cursor.Take(")") ? marker : throw Fault("')'");
    }

    private string ReadComparison()
    {
        if (Array.Find(Comparisons, cursor.Take) is { } comparison)
        {
            return comparison;
        }

        if (cursor.TakeWord("in"))
        {
            return "in";
        }

        return cursor.TakeWord("not") && cursor.TakeWord("in") ? "not in" : throw Fault("a comparison such as == or in");
    }

    private MarkerValue ReadValue()
    {
        foreach (var quote in "'\"")
        {
            if (cursor.Take(quote.ToString()))
            {
                return new(cursor.TakeUntil(quote) ?? throw Fault("the closing quote"), IsName: false);
            }
        }

        var word = cursor.TakeWhile(TextCursor.IsWord);
        var name = OldNames.GetValueOrDefault(word, word);
        return Names.Contains(name)
            ? new(name, IsName: true)
            : throw new FormatException($"the marker {Errors.Quote(text.Trim())} asks for {Errors.Quote(word)}; a name such as python_version or sys_platform, or a quoted text, is expected (PEP 508)");
    }

    private FormatException Fault(string expected) => new(
        $"the marker {Errors.Quote(text.Trim())} cannot be read at {Errors.Quote(cursor.Rest)}; {expected} is expected (PEP 508)");
}
