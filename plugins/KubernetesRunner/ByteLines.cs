using System.Buffers;

namespace Refinery.KubernetesRunner;

/// <summary>Cuts a stream of bytes into lines that end in a line feed.</summary>
/// <param name="maxBytes">Of a longer line the rest is counted and not kept.</param>
internal sealed class ByteLines(int maxBytes)
{
    private readonly ArrayBufferWriter<byte> kept = new();
    private long cut;

    /// <summary>Takes the next bytes and returns the lines they complete, without their ends.</summary>
    public List<ByteLine> Add(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<ByteLine>();
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Keep(bytes[..end]);
            bytes = bytes[(end + 1)..];
            lines.Add(Take());
        }

        Keep(bytes);
        return lines;
    }

    /// <summary>What came after the last line feed; null when nothing did.</summary>
    public ByteLine? End() => kept.WrittenCount > 0 ? Take() : null;

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var room = Math.Min(bytes.Length, maxBytes - kept.WrittenCount);
        kept.Write(bytes[..room]);
        cut += bytes.Length - room;
    }

    private ByteLine Take()
    {
        var line = new ByteLine(kept.WrittenSpan.ToArray(), cut);
        kept.ResetWrittenCount();
        cut = 0;
        return line;
    }
}

/// <summary>One line.</summary>
/// <param name="Cut">How many more bytes it had.</param>
internal sealed record ByteLine(byte[] Bytes, long Cut);
