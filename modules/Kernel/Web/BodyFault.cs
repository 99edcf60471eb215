using System.Text.Json;
using System.Text.RegularExpressions;

namespace Refinery.Kernel.Web;

/// <summary>Turns a JSON fault into one sentence for a person: where, what was sent, what would be right.</summary>
internal static partial class BodyFault
{
    /// <summary>The sentence for a body that does not fit a type.</summary>
    public static string Sentence(byte[] json, Type type, JsonException fault)
    {
        if (json.Length == 0)
        {
            return $"The body is empty; {JsonShape.Describe(type)} is expected.";
        }

        if (IsTooDeep(json))
        {
            return $"The body is nested too deep; at most {RefineryJson.Incoming.MaxDepth} levels are expected.";
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException malformed)
        {
            return $"The body is not valid JSON (line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}); {JsonShape.Describe(type)} is expected.";
        }

        using (document)
        {
            return Missing(fault) ?? WrongType(document.RootElement, type, fault.Path ?? "$");
        }
    }

    private static bool IsTooDeep(byte[] json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = json.Length });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= RefineryJson.Incoming.MaxDepth)
                {
                    return true;
                }
            }
        }
        catch (JsonException)
        {
            // Malformed, which is said with its place.
        }

        return false;
    }

    private static string? Missing(JsonException fault)
    {
        var names = MissingNames().Match(fault.Message);
        if (!names.Success)
        {
            return null;
        }

        var owner = (fault.Path ?? "$")[1..].TrimStart('.');
        var prefix = owner.Length == 0 ? owner : owner + '.';
        var list = names.Groups["names"].Value.Split(", ").Select(name => $"'{prefix}{name.Trim('\'')}'").ToList();
        return list.Count > 1 ? $"The fields {string.Join(", ", list)} are missing." : $"The field {list[0]} is missing.";
    }

    private static string WrongType(JsonElement root, Type type, string path)
    {
        var (value, expected) = JsonShape.Follow(root, type, path);
        return $"{Where(path)} is {JsonShape.DescribeValue(value)}; {JsonShape.Describe(expected)} is expected.";
    }

    private static string Where(string path)
    {
        if (path == "$")
        {
            return "The body";
        }

        return path.StartsWith("$[", StringComparison.Ordinal) && path.EndsWith(']')
            ? $"Item {path[2..^1]}"
            : $"The field '{path[1..].TrimStart('.')}'";
    }

    [GeneratedRegex("including: (?<names>.+?)\\.?$", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MissingNames();
}
