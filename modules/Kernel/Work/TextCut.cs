namespace Refinery.Kernel.Work;

/// <summary>Where a text may be cut.</summary>
public static class TextCut
{
    /// <summary>How many characters to keep of a text: at most so many, and of a pair that is one sign both or none, since half of one cannot be stored.</summary>
    public static int At(ReadOnlySpan<char> text, int most) =>
        text.Length <= most ? text.Length
        : char.IsHighSurrogate(text[most - 1]) ? most - 1
        : most;
}
