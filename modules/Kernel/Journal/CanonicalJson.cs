using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Refinery.Kernel.Journal;

/// <summary>
/// The canonical JSON text that is hashed: keys sorted by code point, separators <c>,</c> and <c>:</c>, non-ASCII as lower-case
/// <c>\uXXXX</c>, floats as Python prints them. Equal to Python's <c>json.dumps(value, sort_keys=True, separators=(",", ":"))</c>.
/// </summary>
/// <remarks>Source: docs/spec/event-graph.md, "Hash chain".</remarks>
public static class CanonicalJson
{
    /// <summary>The canonical text of a value; of members with the same name the last one counts.</summary>
    /// <exception cref="FormatException">A number is outside the range of a double, or a text holds half a surrogate pair.</exception>
    public static byte[] ToBytes(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(output, value);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Writes the canonical text of a value.</summary>
    /// <exception cref="FormatException">As <see cref="ToBytes"/>.</exception>
    public static void Write(IBufferWriter<byte> output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value);
                break;
            case JsonValueKind.Array:
                WriteArray(output, value);
                break;
            case JsonValueKind.String:
                WriteString(output, value);
                break;
            case JsonValueKind.Number:
                WriteNumber(output, JsonMarshal.GetRawUtf8Value(value));
                break;
            case JsonValueKind.True or JsonValueKind.False:
                output.Write(value.ValueKind == JsonValueKind.True ? "true"u8 : "false"u8);
                break;
            case JsonValueKind.Null:
                output.Write("null"u8);
                break;
            default:
                throw new FormatException($"A JSON value of kind {value.ValueKind} has no canonical text.");
        }
    }

    /// <summary>Writes a text in quotes.</summary>
    public static void WriteText(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(Plain);
            var run = plain < 0 ? text : text[..plain];
            var span = output.GetSpan(run.Length + 6);
            Encoding.ASCII.GetBytes(run, span);
            output.Advance(run.Length);
            if (plain < 0)
            {
                break;
            }

            WriteEscape(output, text[plain]);
            text = text[(plain + 1)..];
        }

        output.Write("\""u8);
    }

    /// <summary>Writes a whole number.</summary>
    public static void WriteNumber(IBufferWriter<byte> output, long number)
    {
        var span = output.GetSpan(20);
        Utf8Formatter.TryFormat(number, span, out var written);
        output.Advance(written);
    }

    /// <summary>Writes a float as Python's <c>repr</c>.</summary>
    /// <exception cref="FormatException">The number is not finite.</exception>
    public static void WriteNumber(IBufferWriter<byte> output, double number)
    {
        if (!double.IsFinite(number))
        {
            throw new FormatException("A number is outside the range of a 64-bit float.");
        }

        Encoding.ASCII.GetBytes(PythonFloat.Format(number), output);
    }

    /// <summary>A member's name.</summary>
    /// <exception cref="FormatException">It holds half a surrogate pair.</exception>
    internal static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException fault)
        {
            throw new FormatException("A member's name holds half a surrogate pair.", fault);
        }
    }

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(character => character is not ('"' or '\\'))));

    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Where(code => code is not ('"' or '\\')).Select(code => (byte)code)]);

    private static void WriteEscape(IBufferWriter<byte> output, char character)
    {
        var shortForm = character switch
        {
            '"' => "\\\""u8,
            '\\' => "\\\\"u8,
            '\n' => "\\n"u8,
            '\r' => "\\r"u8,
            '\t' => "\\t"u8,
            '\b' => "\\b"u8,
            '\f' => "\\f"u8,
            _ => default,
        };
        if (!shortForm.IsEmpty)
        {
            output.Write(shortForm);
            return;
        }

        var span = output.GetSpan(6);
        "\\u"u8.CopyTo(span);
        Utf8Formatter.TryFormat((ushort)character, span[2..], out _, new StandardFormat('x', 4));
        output.Advance(6);
    }

    private static void WriteObject(IBufferWriter<byte> output, JsonElement value)
    {
        output.Write("{"u8);
        var first = true;
        foreach (var member in CanonicalMembers.Of(value))
        {
            WriteSeparator(output, ref first);
            WriteName(output, member);
            output.Write(":"u8);
            Write(output, member.Value);
        }

        output.Write("}"u8);
    }

    private static void WriteName(IBufferWriter<byte> output, JsonProperty member)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(member);
        if (IsPlain(raw))
        {
            output.Write("\""u8);
            output.Write(raw);
            output.Write("\""u8);
        }
        else
        {
            WriteText(output, NameOf(member));
        }
    }

    private static void WriteString(IBufferWriter<byte> output, JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (IsPlain(raw[1..^1]))
        {
            output.Write(raw);
        }
        else
        {
            WriteText(output, TextOf(value));
        }
    }

    /// <summary>True for the inside of a text in quotes that is canonical as it stands.</summary>
    internal static bool IsPlain(ReadOnlySpan<byte> raw) => raw.IndexOfAnyExcept(PlainBytes) < 0;

    private static void WriteArray(IBufferWriter<byte> output, JsonElement value)
    {
        output.Write("["u8);
        var first = true;
        foreach (var item in value.EnumerateArray())
        {
            WriteSeparator(output, ref first);
            Write(output, item);
        }

        output.Write("]"u8);
    }

    private static void WriteSeparator(IBufferWriter<byte> output, ref bool first)
    {
        if (!first)
        {
            output.Write(","u8);
        }

        first = false;
    }

    private static void WriteNumber(IBufferWriter<byte> output, ReadOnlySpan<byte> raw)
    {
        if (raw.IndexOfAny(".eE"u8) < 0)
        {
            output.Write(raw.SequenceEqual("-0"u8) ? "0"u8 : raw);
            return;
        }

        WriteNumber(output, double.Parse(raw, CultureInfo.InvariantCulture));
    }

    private static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString() ?? string.Empty;
        }
        catch (InvalidOperationException fault)
        {
            throw new FormatException("A text holds half a surrogate pair.", fault);
        }
    }
}
