using System.Text;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>The options of a line of a requirements file, under their long names.</summary>
internal static class OptionWords
{
    /// <summary>The words of the line; quotes keep spaces together.</summary>
    public static List<string> Split(RequirementsPlace place) => Split(place.Text, place);

    /// <inheritdoc cref="Split(RequirementsPlace)"/>
    public static List<string> Split(string text, RequirementsPlace place)
    {
        List<string> words = [];
        var word = new StringBuilder();
        char? quote = null;
        foreach (var character in text + " ")
        {
            if (quote is null && char.IsWhiteSpace(character))
            {
                AddWord(words, word);
            }
            else if (character == quote)
            {
                quote = null;
            }
            else if (quote is null && character is '"' or '\'')
            {
                quote = character;
            }
            else
            {
                word.Append(character);
            }
        }

        return quote is null ? words : throw place.Fault($"{Errors.Quote(place.Text)} opens a quote and does not close it; {quote} is expected");
    }

    /// <summary>One option and its value, which stands behind <c>=</c> or in the next word; empty for a switch.</summary>
    public static (string Name, string Value) Read(string word, Queue<string> rest, RequirementsPlace place)
    {
        var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=') : -1;
        var isShort = !word.StartsWith("--", StringComparison.Ordinal) && word.Length > 2;
        var name = LongName(equals > 0 ? word[..equals] : isShort ? word[..2] : word);
        if (name is "--no-index" or "--pre" or "--require-hashes" or "--prefer-binary")
        {
            return (name, "");
        }

        var value = equals > 0 ? word[(equals + 1)..] : isShort ? word[2..] : rest.TryDequeue(out var next) ? next : "";
        return value.Length > 0 ? (name, value) : throw place.Fault($"the option {Errors.Quote(word)} has no value; one is expected behind it");
    }

    private static string LongName(string name) => name switch
    {
        "-r" => "--requirement",
        "-c" => "--constraint",
        "-i" or "--pypi-url" => "--index-url",
        "-f" => "--find-links",
        "-e" => "--editable",
        _ => name,
    };

    private static void AddWord(List<string> words, StringBuilder word)
    {
        if (word.Length > 0)
        {
            words.Add(word.ToString());
            word.Clear();
        }
    }
}
