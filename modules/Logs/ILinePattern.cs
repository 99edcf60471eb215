namespace Refinery.Logs;

/// <summary>What is looked for in the lines of a text.</summary>
internal interface ILinePattern
{
    /// <summary>
    /// UTF-8 texts near a match: of each list at least one stands in every matching line. The first list's are what lines are
    /// sought by. Empty when nothing is known: all lines must be tried.
    /// </summary>
    IReadOnlyList<IReadOnlyList<byte[]>> Required { get; }

    /// <summary>The match in the line, or null.</summary>
    /// <param name="line">The line without its break.</param>
    /// <param name="hit">Where the text was seen that led here; 0 when nothing is required.</param>
    LineMatch? Match(ReadOnlySpan<byte> line, int hit);
}
