using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Refinery.Logs;

/// <summary>Looks for a regular expression within single lines, with the engine whose time is linear in the line's length.</summary>
internal sealed class RegexPattern : ILinePattern
{
    private readonly Regex regex;

    private RegexPattern(Regex regex, string pattern)
    {
        this.regex = regex;
        Required = [.. RequiredLiterals.Of(pattern).Select(Utf8)];
    }

    public IReadOnlyList<IReadOnlyList<byte[]>> Required { get; }

    /// <summary>The pattern, or null and the reason when it is no expression this engine knows.</summary>
    public static RegexPattern? TryCreate(string pattern, out string? fault)
    {
        try
        {
            var parsed = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            fault = null;
            return new RegexPattern(parsed, pattern);
        }
        catch (RegexParseException exception)
        {
            fault = $"{JsonNamingPolicy.SnakeCaseLower.ConvertName(exception.Error.ToString()).Replace('_', ' ')} at character {exception.Offset}";
            return null;
        }
        catch (NotSupportedException)
        {
            fault = "look-around, back references, atomic groups and very large repetitions are not supported";
            return null;
        }
    }

    public LineMatch? Match(ReadOnlySpan<byte> line, int hit)
    {
        var chars = ArrayPool<char>.Shared.Rent(line.Length);
        try
        {
            var text = chars.AsSpan(0, Encoding.UTF8.GetChars(line, chars)).TrimEnd('\r');
            foreach (var match in regex.EnumerateMatches(text))
            {
                return LineMatch.Cut(text, match.Index, match.Length);
            }

            return null;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private static IReadOnlyList<byte[]> Utf8(IReadOnlyList<string> texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];
}
