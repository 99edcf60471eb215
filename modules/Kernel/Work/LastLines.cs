using System.Text;

namespace Refinery.Kernel.Work;

/// <summary>The last lines of a log that has grown too long; those before them are counted only.</summary>
/// <remarks>Not safe for several threads at once: the log that owns it takes turns.</remarks>
public sealed class LastLines
{
    private const int MaxBytes = 512 << 10;

    private readonly Queue<string> lines = new();
    private int bytes;
    private long leftOut;

    /// <summary>Whether none was added.</summary>
    public bool IsEmpty => lines.Count == 0;

    /// <summary>Adds a line and lets the oldest go while all are more than 512 KiB.</summary>
    /// <param name="line">Without its line break.</param>
    public void Add(string line)
    {
        lines.Enqueue(line);
        bytes += Encoding.UTF8.GetByteCount(line) + 1;
        while (bytes > MaxBytes && lines.Count > 1)
        {
            bytes -= Encoding.UTF8.GetByteCount(lines.Dequeue()) + 1;
            leftOut++;
        }
    }

    /// <summary>The lines kept, each with its line break.</summary>
    public string Text() => string.Concat(lines.Select(line => line + "\n"));

    /// <summary>What goes behind the log's beginning: a word on what is missing, and the lines.</summary>
    public IEnumerable<string> Take() =>
        IsEmpty ? [] : [$"[the log grew too long: {leftOut} lines are left out here]", .. lines];

    /// <summary>The last lines of a text, at most so many.</summary>
    /// <param name="text">Lines with their breaks; the last may lack its own.</param>
    /// <param name="lines">0 or more.</param>
    public static string Of(string text, int lines)
    {
        var start = text.EndsWith('\n') ? text.Length - 1 : text.Length;
        while (lines-- > 0 && start > 0)
        {
            start = text.LastIndexOf('\n', start - 1);
        }

        return text[Math.Min(start + 1, text.Length)..];
    }

    /// <summary>The whole lines at the end of the bytes, at most so many bytes.</summary>
    /// <param name="end">One byte more than asked for, when there is more: it tells whether the first line is whole.</param>
    /// <param name="maxBytes">0 or more.</param>
    public static string WholeLines(ReadOnlySpan<byte> end, int maxBytes)
    {
        if (end.Length > maxBytes)
        {
            end = end[^(maxBytes + 1)..];
            end = end[(end.IndexOf((byte)'\n') + 1)..];
        }

        return Encoding.UTF8.GetString(end.Length > maxBytes ? [] : end);
    }
}
