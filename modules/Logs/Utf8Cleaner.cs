using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Refinery.Logs;

/// <summary>Makes any bytes valid UTF-8 without NUL: what is neither becomes U+FFFD. Works over pieces cut anywhere.</summary>
internal sealed class Utf8Cleaner
{
    private static ReadOnlySpan<byte> Replacement => "\uFFFD"u8;

    private byte[] cut = [];

    /// <summary>Takes valid UTF-8.</summary>
    public delegate void Take(ReadOnlySpan<byte> clean);

    public void Clean(ReadOnlySpan<byte> bytes, Take take)
    {
        if (cut.Length > 0)
        {
            bytes = CloseCut(bytes, take);
        }

        var whole = bytes.Length - CutAtEnd(bytes);
        cut = [.. cut, .. bytes[whole..]];
        bytes = bytes[..whole];
        if (Utf8.IsValid(bytes) && !bytes.Contains((byte)0))
        {
            take(bytes);
        }
        else
        {
            Replace(bytes, take);
        }
    }

    public void End(Take take)
    {
        if (cut.Length > 0)
        {
            cut = [];
            take(Replacement);
        }
    }

    // Completes the character the last piece was cut in, with up to three bytes of this one.
    private ReadOnlySpan<byte> CloseCut(ReadOnlySpan<byte> bytes, Take take)
    {
        var used = 0;
        while (used < bytes.Length && Rune.DecodeFromUtf8(cut, out _, out _) == OperationStatus.NeedMoreData)
        {
            cut = [.. cut, bytes[used++]];
        }

        if (Rune.DecodeFromUtf8(cut, out _, out var consumed) == OperationStatus.NeedMoreData)
        {
            return bytes[used..];
        }

        Replace(cut.AsSpan(0, consumed), take);
        used -= cut.Length - consumed;
        cut = [];
        return bytes[used..];
    }

    private static int CutAtEnd(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            if ((bytes[^back] & 0xC0) != 0x80)
            {
                return Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == OperationStatus.NeedMoreData ? back : 0;
            }
        }

        return 0;
    }

    private static void Replace(ReadOnlySpan<byte> bytes, Take take)
    {
        for (var from = 0; from < bytes.Length;)
        {
            var at = from;
            var consumed = 0;
            while (at < bytes.Length && bytes[at] != 0
                && Rune.DecodeFromUtf8(bytes[at..], out _, out consumed) == OperationStatus.Done)
            {
                at += consumed;
            }

            take(bytes[from..at]);
            if (at < bytes.Length)
            {
                take(Replacement);
                at += bytes[at] == 0 ? 1 : consumed;
            }

            from = at;
        }
    }
}
