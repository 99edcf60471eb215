using System.Buffers;
using System.Globalization;
using System.Text;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Unescapes one JSON text that comes in pieces, from behind its opening quote to its closing one.</summary>
internal sealed class JsonTextReader(Utf8Cleaner.Take take)
{
    private static readonly SearchValues<byte> Special = SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(one => (byte)one)]);

    private readonly byte[] clear = new byte[64 << 10];
    private readonly byte[] escape = new byte[6];
    private int clearLength;
    private int escapeLength;
    private char high;

    /// <summary>The closing quote has come.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Takes bytes up to the closing quote and answers how many.</summary>
    /// <exception cref="BodyException">An escape or a control character that JSON does not allow.</exception>
    public int Add(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && !IsEnded)
        {
            if (escapeLength > 0)
            {
                AddToEscape(bytes[at++]);
                continue;
            }

            var plain = bytes[at..].IndexOfAny(Special);
            plain = plain < 0 ? bytes.Length - at : plain;
            Put(bytes.Slice(at, plain));
            at += plain;
            if (at < bytes.Length)
            {
                Begin(bytes[at++]);
            }
        }

        return at;
    }

    private void Begin(byte special)
    {
        switch (special)
        {
            case (byte)'"':
                Flush();
                IsEnded = true;
                break;
            case (byte)'\\':
                escape[escapeLength++] = special;
                break;
            default:
                throw new BodyException($"The body is not valid JSON: the field 'content' holds the control character 0x{special:x2}, which must be escaped.");
        }
    }

    private void AddToEscape(byte one)
    {
        escape[escapeLength++] = one;
        if (escapeLength == 2 && one != 'u')
        {
            Put([Simple(one)]);
            escapeLength = 0;
        }
        else if (escapeLength == escape.Length)
        {
            PutUnit(Unit());
            escapeLength = 0;
        }
    }

    private byte Simple(byte letter) => letter switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => letter,
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => throw BadEscape(),
    };

    private char Unit() =>
        ushort.TryParse(escape.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : throw BadEscape();

    private BodyException BadEscape() =>
        new($"The body is not valid JSON: the field 'content' holds the escape {Errors.Quote(Encoding.Latin1.GetString(escape, 0, escapeLength))}.");

    // Half a pair waits for its other half; alone it becomes U+FFFD.
    private void PutUnit(char unit)
    {
        if (char.IsLowSurrogate(unit) && high != '\0')
        {
            var pair = new Rune(high, unit);
            high = '\0';
            PutRune(pair);
            return;
        }

        PutLoneHigh();
        if (char.IsHighSurrogate(unit))
        {
            high = unit;
        }
        else
        {
            PutRune(char.IsSurrogate(unit) ? Rune.ReplacementChar : new Rune(unit));
        }
    }

    private void PutRune(Rune rune)
    {
        Span<byte> utf8 = stackalloc byte[4];
        Put(utf8[..rune.EncodeToUtf8(utf8)]);
    }

    private void PutLoneHigh()
    {
        if (high != '\0')
        {
            high = '\0';
            PutRune(Rune.ReplacementChar);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        PutLoneHigh();
        if (clearLength + bytes.Length > clear.Length)
        {
            Flush();
        }

        if (bytes.Length >= clear.Length)
        {
            take(bytes);
            return;
        }

        bytes.CopyTo(clear.AsSpan(clearLength));
        clearLength += bytes.Length;
    }

    private void Flush()
    {
        PutLoneHigh();
        take(clear.AsSpan(0, clearLength));
        clearLength = 0;
    }
}
