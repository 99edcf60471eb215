using System.Text;

namespace Refinery.Tests.Logs;

/// <summary>Texts of few letters, so that near misses abound, with line breaks and letters of two, three and four bytes.</summary>
internal static class RandomTexts
{
    private static readonly string[] Letters = ["a", "b", "c", "d", " ", "/", ".", "é", "✓", "🛠"];

    public static string Text(Random random, int length, int lineLength)
    {
        var text = new StringBuilder(length + 8);
        while (text.Length < length)
        {
            text.Append(random.Next(lineLength) == 0 ? "\n" : Letters[random.Next(Letters.Length)]);
        }

        return text.ToString();
    }

    /// <summary>A piece of the text, or now and then something that is likely nowhere.</summary>
    public static string Literal(Random random, string text)
    {
        if (text.Length < 12 || random.Next(4) == 0)
        {
            return Text(random, random.Next(1, 8), lineLength: 1000).ReplaceLineEndings(string.Empty) + "b";
        }

        var line = text.Split('\n').Where(one => one.Length > 0).ElementAt(random.Next(text.Split('\n').Count(one => one.Length > 0)));
        var runes = line.EnumerateRunes().ToArray();
        var from = random.Next(runes.Length);
        return string.Concat(runes.Skip(from).Take(random.Next(1, 40)));
    }
}
