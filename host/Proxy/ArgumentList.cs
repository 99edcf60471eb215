using System.Text;

namespace Refinery.Host.Proxy;

/// <summary>Splits a command line into words as people write it, without any shell: blanks part, quotes keep together.</summary>
internal static class ArgumentList
{
    /// <summary>The words; empty for a blank text; null when a quote is not closed.</summary>
    public static IReadOnlyList<string>? Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, begun) = ('\0', false);
        foreach (var character in text)
        {
            if (quote != '\0' && character != quote)
            {
                word.Append(character);
            }
            else if (character is '"' or '\'')
            {
                quote = quote == '\0' ? character : '\0';
                begun = true;
            }
            else if (!char.IsWhiteSpace(character))
            {
                word.Append(character);
            }
            else
            {
                begun = End(words, word, begun);
            }
        }

        End(words, word, begun);
        return quote == '\0' ? words : null;
    }

    private static bool End(List<string> words, StringBuilder word, bool begun)
    {
        if (begun || word.Length > 0)
        {
            words.Add(word.ToString());
            word.Clear();
        }

        return false;
    }
}
