using System.Globalization;

namespace Refinery.Kernel.Web;

/// <summary>Replaces in a JSON text what no database column and no canonical text can hold: NUL characters and half surrogate pairs.</summary>
/// <remarks>Every replaced escape becomes <c>\ufffd</c>, so the text keeps its length. Source: docs/spec, "Rules for every endpoint".</remarks>
public static class JsonText
{
    private const int EscapeLength = 6;

    /// <summary>Cleans a text in place; one that is no JSON is left for the parser to refuse.</summary>
    /// <param name="json">UTF-8.</param>
    public static void Clean(Span<byte> json)
    {
        while (json.IndexOf((byte)'\\') is var at and >= 0 && at + 1 < json.Length)
        {
            json = json[at..];
            json = json[(json[1] == 'u' ? CleanEscape(json) : 2)..];
        }
    }

    /// <returns>How many bytes are dealt with.</returns>
    private static int CleanEscape(Span<byte> json)
    {
        var unit = Unit(json);
        if (unit is >= 0xD800 and <= 0xDBFF && Unit(json[EscapeLength..]) is >= 0xDC00 and <= 0xDFFF)
        {
            return EscapeLength * 2;
        }

        if (unit is 0 or (>= 0xD800 and <= 0xDFFF))
        {
            "\\ufffd"u8.CopyTo(json);
        }

        return unit < 0 ? 2 : EscapeLength;
    }

    /// <summary>The code unit of the escape that the text begins with; −1 when it begins with none.</summary>
    private static int Unit(ReadOnlySpan<byte> json) =>
        json.Length >= EscapeLength && json[0] == '\\' && json[1] == 'u'
        && ushort.TryParse(json[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? unit
            : -1;
}
