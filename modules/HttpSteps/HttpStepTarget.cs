using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.HttpSteps;

/// <summary>A step type and the URL of the service that does it.</summary>
internal sealed record HttpStepTarget(string Type, Uri Url)
{
    /// <summary>Reads <c>type=url type=url</c>; words that are none are left out.</summary>
    public static IReadOnlyList<HttpStepTarget> Read(string? text) => [.. Words(text).Select(Parse).OfType<HttpStepTarget>()];

    /// <summary>One <c>type=url</c>, or null when it is none.</summary>
    public static HttpStepTarget? Parse(string word) =>
        word.Split('=', 2) is [var type, var address]
        && StepTypes.IsName(type)
        && WebUrl.Parse(address) is { } url
            ? new HttpStepTarget(type, url)
            : null;

    public static string[] Words(string? text) => (text ?? string.Empty).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
