using System.Text;

namespace Refinery.Builds.Processes;

/// <summary>Cuts a stream of bytes into lines of text: line feed, carriage return or both end a line; invalid UTF-8 becomes U+FFFD.</summary>
/// <remarks>A line longer than the bound is cut there and says so, because a build may print a file of one line.</remarks>
internal sealed class LineSplitter
{
    public const int MaxLineBytes = 16 * 1024;

    private readonly byte[] kept = new byte[MaxLineBytes];
    private int length;
    private long cut;
    private bool isAfterReturn;

    /// <summary>Takes the next bytes and returns the lines they complete.</summary>
    public List<string> Add(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        while (!bytes.IsEmpty)
        {
            if (isAfterReturn && bytes[0] == '\n')
            {
                bytes = bytes[1..];
            }

            isAfterReturn = false;
            var end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            Keep(end < 0 ? bytes : bytes[..end]);
            if (end < 0)
            {
                break;
            }

            isAfterReturn = bytes[end] == '\r';
            bytes = bytes[(end + 1)..];
            lines.Add(Take());
        }

        return lines;
    }

    /// <summary>The last line when it had no line break, else null.</summary>
    public string? End() => length > 0 ? Take() : null;

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var room = Math.Min(bytes.Length, MaxLineBytes - length);
        bytes[..room].CopyTo(kept.AsSpan(length));
        length += room;
        cut += bytes.Length - room;
    }

    private string Take()
    {
        var text = Encoding.UTF8.GetString(kept, 0, length);
        var line = cut == 0 ? text : $"{text} … ({cut} more bytes)";
        length = 0;
        cut = 0;
        return line;
    }
}
