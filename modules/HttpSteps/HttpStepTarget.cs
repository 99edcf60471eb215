using System.Text.RegularExpressions;

namespace Refinery.HttpSteps;

/// <summary>A step type and the URL of the service that does it.</summary>
internal sealed partial record HttpStepTarget(string Type, Uri Url)
{
    /// <summary>Reads <c>type=url type=url</c>; words that are none are left out.</summary>
    public static IReadOnlyList<HttpStepTarget> Read(string? text) => [.. Words(text).Select(Parse).OfType<HttpStepTarget>()];

    /// <summary>One <c>type=url</c>, or null when it is none.</summary>
    public static HttpStepTarget? Parse(string word) =>
        word.Split('=', 2) is [var type, var address]
        && TypeName().IsMatch(type)
        && Uri.TryCreate(address, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? new HttpStepTarget(type, url)
            : null;

    public static string[] Words(string? text) => (text ?? string.Empty).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("^[A-Za-z0-9_.:-]{1,100}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeName();
}
