using System.ComponentModel;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>Which log a request means.</summary>
internal sealed record LogAddress(
    [property: Description("The package, compared as PEP 503 does.")] [FromRoute(Name = "name")] string Name,
    [property: Description("The version.")] [FromRoute(Name = "version")] string Version,
    [property: Description("The number of the attempt, 1 or more; the newest log of any when absent.")] [FromQuery(Name = "attempt")] string? Attempt)
{
    /// <summary>The address as it was meant, its number checked.</summary>
    /// <exception cref="BodyException">The attempt is no whole number of 1 or more.</exception>
    public LogTarget Read() => new(
        RouteText.Decode(Name),
        RouteText.Decode(Version),
        string.IsNullOrEmpty(Attempt) ? null : (int)Math.Min(int.MaxValue, Page.Number(Attempt, "attempt", fallback: 1, least: 1)));
}

/// <summary>A log by name, version and, when given, attempt.</summary>
internal sealed record LogTarget(string Name, string Version, int? Attempt)
{
    public string NormalizedName { get; } = PackageName.Normalize(Name);

    /// <param name="sha256">The digest that was asked for; null when none was.</param>
    public IResult Missing(string? sha256 = null)
    {
        var log = Attempt is null ? "no log" : $"no log of attempt {Attempt}";
        var text = string.IsNullOrEmpty(sha256) ? string.Empty : $" with the sha256 {Errors.Quote(sha256)}";
        return Errors.NotFound($"There is {log} of {Errors.Quote(Name)} {Errors.Quote(Version)}{text}.");
    }
}

/// <summary>What is searched for.</summary>
internal sealed record SearchQuery(
    [property: Description("The text, letter by letter, or with regex=1 a regular expression; 1 to 1000 characters.")] [FromQuery(Name = "q")] string? Wanted,
    [property: Description("1 to read q as a regular expression.")] [FromQuery(Name = "regex")] string? Regex,
    [property: Description("Only logs of this package, compared as PEP 503 does.")] [FromQuery(Name = "name")] string? Name)
{
    private const int MaxLength = 1000;

    public string? NormalizedName => string.IsNullOrEmpty(Name) ? null : PackageName.Normalize(Name);

    /// <exception cref="BodyException">A parameter is wrong; the sentence names it.</exception>
    public ILinePattern Pattern()
    {
        if (Wanted is not { Length: > 0 and <= MaxLength } wanted)
        {
            throw new BodyException($"The parameter 'q' is {(Wanted is null ? "missing" : Errors.Quote(Wanted))}; a text of 1 to {MaxLength} characters is expected.");
        }

        return Regex switch
        {
            null or "" or "0" or "false" => new LiteralPattern(wanted),
            "1" or "true" => RegexPattern.TryCreate(wanted, out var reason)
                ?? throw new BodyException($"The parameter 'q' is {Errors.Quote(wanted)}, which is no expression this search takes: {reason}."),
            _ => throw new BodyException($"The parameter 'regex' is {Errors.Quote(Regex)}; 1 or 0 is expected."),
        };
    }
}
