using System.Globalization;
using System.Text;

namespace Refinery.KubernetesRunner;

/// <summary>One line of a container's log, with the instant that the API puts before it.</summary>
/// <param name="Instant">When it was written; null for what the kubelet itself has to say.</param>
internal sealed record LogLine(DateTimeOffset? Instant, ReadOnlyMemory<byte> Content, long Cut)
{
    /// <summary>What the host keeps of a line.</summary>
    private const int MaxBytes = 16 * 1024;

    public static LogLine Parse(ByteLine line)
    {
        var space = line.Bytes.AsSpan().IndexOf((byte)' ');
        var end = space < 0 ? line.Bytes.Length : space;
        return DateTimeOffset.TryParse(Encoding.ASCII.GetString(line.Bytes, 0, Math.Min(end, 40)), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? new LogLine(instant, line.Bytes.AsMemory(Math.Min(end + 1, line.Bytes.Length)), line.Cut)
            : new LogLine(null, line.Bytes, line.Cut);
    }

    /// <summary>The lines a person sees: a carriage return ends one too, invalid UTF-8 becomes U+FFFD, and a long one is cut and says so.</summary>
    public IEnumerable<string> Texts()
    {
        var rest = Content.Length > 0 && Content.Span[^1] == '\r' ? Content[..^1] : Content;
        while (rest.Span.IndexOf((byte)'\r') is >= 0 and var end)
        {
            yield return Text(rest.Span[..end], 0);
            rest = rest[(end + 1)..];
        }

        yield return Text(rest.Span, Cut);
    }

    private static string Text(ReadOnlySpan<byte> bytes, long cut)
    {
        var kept = Math.Min(bytes.Length, MaxBytes);
        cut += bytes.Length - kept;
        var text = Encoding.UTF8.GetString(bytes[..kept]);
        return cut == 0 ? text : $"{text} … ({cut} more bytes)";
    }
}
