using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>One requirement: a package, the versions that will do, and the condition under which it is needed.</summary>
/// <param name="Name">As it was written; compare with <see cref="PackageName.Normalize"/>.</param>
/// <param name="Extras">As they were written, in order; empty when none are asked for.</param>
/// <param name="Specifiers">Empty when every version will do.</param>
/// <param name="Marker">Null when it is always needed.</param>
/// <remarks>Source: PEP 508, without URLs: what is built here comes from an index or a folder of source archives.</remarks>
internal sealed record Requirement(string Name, IReadOnlyList<string> Extras, SpecifierSet Specifiers, Marker? Marker)
{
    /// <exception cref="FormatException">The text is no requirement; the message is one clause without a full stop, for the caller's sentence.</exception>
    public static Requirement Parse(string text)
    {
        var cursor = new TextCursor(text);
        var name = cursor.TakeWhile(IsNamePart);
        if (name.Length == 0 || PackageName.Fault(name) is not null)
        {
            throw new FormatException($"{Errors.Quote(text.Trim())} is no requirement; a package name such as markupsafe==2.1.5 is expected (PEP 508)");
        }

        var extras = ReadExtras(cursor, text);
        if (cursor.Take("@"))
        {
            throw new FormatException($"{Errors.Quote(text.Trim())} names a URL; a version such as {name}==1.0 is expected, because sources come from an index or find-links");
        }

        var specifiers = ReadSpecifiers(cursor, text);
        return new(name, extras, specifiers, cursor.Take(";") ? Packages.Marker.Parse(cursor.Rest) : null);
    }

    /// <summary>Whether it is needed with this interpreter.</summary>
    public bool AppliesTo(InterpreterInfo interpreter) => Marker is null || Marker.IsTrue(interpreter);

    private static bool IsNamePart(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.';

    private static List<string> ReadExtras(TextCursor cursor, string text)
    {
        List<string> extras = [];
        if (!cursor.Take("["))
        {
            return extras;
        }

        var list = cursor.TakeUntil(']') ?? throw new FormatException($"{Errors.Quote(text.Trim())} opens a list of extras and does not close it; ']' is expected");
        foreach (var extra in list.Split(',', StringSplitOptions.TrimEntries).Where(_ => !string.IsNullOrWhiteSpace(list)))
        {
            extras.Add(PackageName.Fault(extra) is null
                ? extra
                : throw new FormatException($"{Errors.Quote(text.Trim())} asks for the extra {Errors.Quote(extra)}; a name of letters, digits, '.', '_' and '-' is expected"));
        }

        return extras;
    }

    private static SpecifierSet ReadSpecifiers(TextCursor cursor, string text)
    {
        var inParentheses = cursor.Take("(");
        var clauses = cursor.TakeWhile(character => character != ';' && !(inParentheses && character == ')'));
        if (inParentheses && !cursor.Take(")"))
        {
            throw new FormatException($"{Errors.Quote(text.Trim())} opens a parenthesis and does not close it; ')' is expected");
        }

        var specifiers = SpecifierSet.TryParse(clauses);
        return specifiers is null || (inParentheses && !cursor.AtEnd && !cursor.Rest.StartsWith(';'))
            ? throw new FormatException($"{Errors.Quote(text.Trim())} has no version specifier that can be read; one such as ==2.1.5 or >=1.2,<2 is expected (PEP 440)")
            : specifiers;
    }
}
