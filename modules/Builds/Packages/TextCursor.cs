namespace Refinery.Builds.Packages;

/// <summary>Reads a text from left to right; spaces between its parts do not count.</summary>
internal sealed class TextCursor(string text)
{
    private int position;

    public bool AtEnd
    {
        get
        {
            SkipSpaces();
            return position == text.Length;
        }
    }

    /// <summary>What is left, without spaces around it.</summary>
    public string Rest => text[position..].Trim();

    /// <summary>Steps over the literal when it comes next.</summary>
    public bool Take(string literal)
    {
        SkipSpaces();
        if (!text.AsSpan(position).StartsWith(literal, StringComparison.Ordinal))
        {
            return false;
        }

        position += literal.Length;
        return true;
    }

    /// <summary>As <see cref="Take"/>, when a whole word comes next: <c>in</c> is not the begin of <c>index</c>.</summary>
    public bool TakeWord(string word)
    {
        var before = position;
        if (TakeWhile(IsWord) == word)
        {
            return true;
        }

        position = before;
        return false;
    }

    /// <summary>The characters that come next and are wanted; empty when none are.</summary>
    public string TakeWhile(Func<char, bool> isWanted)
    {
        SkipSpaces();
        var start = position;
        while (position < text.Length && isWanted(text[position]))
        {
            position++;
        }

        return text[start..position];
    }

    /// <summary>The text up to the character, which is stepped over; null (and nothing read) when it does not come.</summary>
    public string? TakeUntil(char end)
    {
        var at = text.IndexOf(end, position);
        if (at < 0)
        {
            return null;
        }

        var taken = text[position..at];
        position = at + 1;
        return taken;
    }

    public static bool IsWord(char character) => char.IsAsciiLetterOrDigit(character) || character is '_' or '.';

    private void SkipSpaces()
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
        {
            position++;
        }
    }
}
