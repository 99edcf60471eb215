using System.Globalization;

namespace Refinery.Kernel.Journal;

/// <summary>Prints a float as Python does: the shortest digits that read back the same, exponent form below 1e-4 and from 1e16.</summary>
internal static class PythonFloat
{
    /// <summary>For example <c>1.0</c>, <c>0.0001</c>, <c>1e-05</c>, <c>1e+16</c>, <c>-0.0</c>.</summary>
    public static string Format(double number)
    {
        if (number == 0)
        {
            return double.IsNegative(number) ? "-0.0" : "0.0";
        }

        var sign = number < 0 ? "-" : string.Empty;
        var (digits, exponent) = Shortest(Math.Abs(number));
        return sign + (exponent is >= -4 and < 16 ? Positional(digits, exponent) : Scientific(digits, exponent));
    }

    /// <summary>The shortest digits d1d2d3… and the exponent e of d1.d2d3… × 10^e.</summary>
    private static (string Digits, int Exponent) Shortest(double number)
    {
        var text = number.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        var mantissa = shortest.Split('E')[0].Replace(".", string.Empty, StringComparison.Ordinal).Trim('0');
        var exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return (mantissa, RoundedUp(mantissa, text) ? exponent + 1 : exponent);
    }

    /// <summary>17 digits may read 9.99…e22 where the shortest form is 1e+23.</summary>
    private static bool RoundedUp(string mantissa, string text) => mantissa[0] == '1' && text[0] == '9';

    private static string Positional(string digits, int exponent)
    {
        if (exponent < 0)
        {
            return "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? digits.PadRight(exponent + 1, '0') + ".0"
            : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static string Scientific(string digits, int exponent)
    {
        var mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
        var sign = exponent < 0 ? "-" : "+";
        return $"{mantissa}e{sign}{Math.Abs(exponent):00}";
    }
}
