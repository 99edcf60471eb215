using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>Makes JSON texts of every kind: nested, with astral keys, repeated keys, big whole numbers, floats in any spelling.</summary>
internal sealed class JsonSource(int seed)
{
    private static readonly string[] Alphabet =
        ["a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\u0001", "\u007f", "\u0080", "é", "ß", "\u2028", "\uE000", "\uFFFD", "\U0001F600", "\U00010000"];

    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Random random = new(seed);

    /// <summary>One value on one line.</summary>
    public string Next()
    {
        var text = new StringBuilder();
        WriteValue(text, depth: 0);
        return text.ToString();
    }

    private void WriteValue(StringBuilder text, int depth)
    {
        switch (random.Next(depth < 4 ? 9 : 7))
        {
            case 0:
                text.Append("null");
                break;
            case 1:
                text.Append(random.Next(2) == 0 ? "true" : "false");
                break;
            case 2:
                text.Append(random.NextInt64(-1000, 1000));
                break;
            case 3:
                text.Append(random.Next(2) == 0 ? "-" : string.Empty).Append('9').Append(random.NextInt64(0, long.MaxValue)).Append(random.NextInt64(0, long.MaxValue));
                break;
            case 4:
                text.Append(Float());
                break;
            case 5 or 6:
                WriteText(text);
                break;
            case 7:
                WriteMany(text, '[', ']', () => WriteValue(text, depth + 1));
                break;
            default:
                WriteMany(text, '{', '}', () =>
                {
                    WriteText(text);
                    text.Append(random.Next(3) == 0 ? " : " : ":");
                    WriteValue(text, depth + 1);
                });
                break;
        }
    }

    private void WriteMany(StringBuilder text, char open, char close, Action item)
    {
        text.Append(open);
        for (int index = 0, count = random.Next(random.Next(20) == 0 ? 45 : 6); index < count; index++)
        {
            text.Append(index == 0 ? string.Empty : ",");
            item();
        }

        text.Append(close);
    }

    private void WriteText(StringBuilder text)
    {
        var value = string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
        text.Append(random.Next(2) == 0
            ? JsonSerializer.Serialize(value)
            : JsonSerializer.Serialize(value, Unescaped));
    }

    private string Float()
    {
        var number = random.Next(3) switch
        {
            0 => random.NextDouble() * Math.Pow(10, random.Next(-10, 25)),
            1 => random.Next(-100, 100) / 4.0,
            _ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
        };
        number = double.IsFinite(number) ? number : 0.5;
        return random.Next(3) switch
        {
            0 => number.ToString("E16", CultureInfo.InvariantCulture),
            1 => number.ToString("R", CultureInfo.InvariantCulture) is var text && text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text,
            _ => number.ToString("0.0##############", CultureInfo.InvariantCulture),
        };
    }
}
