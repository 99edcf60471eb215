using System.Text.RegularExpressions;

namespace Refinery.Artifacts;

/// <summary>A bucket, and what comes before each name in it.</summary>
/// <param name="Prefix">Empty, or ending in a slash.</param>
internal sealed partial record BucketName(string Bucket, string Prefix)
{
    private const string Scheme = "s3://";

    /// <summary>Whether a text wants to be a bucket's name.</summary>
    public static bool IsMeant(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>s3://bucket</c> or <c>s3://bucket/prefix</c>; null for another text.</summary>
    public static BucketName? Parse(string? text)
    {
        if (Form().Match(text ?? string.Empty) is not { Success: true } match)
        {
            return null;
        }

        var prefix = match.Groups["prefix"].Value.TrimEnd('/');
        return new BucketName(match.Groups["bucket"].Value, prefix.Length == 0 ? prefix : $"{prefix}/");
    }

    public override string ToString() => $"{Scheme}{Bucket}/{Prefix}";

    [GeneratedRegex("^s3://(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?<prefix>[A-Za-z0-9_./-]*))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
