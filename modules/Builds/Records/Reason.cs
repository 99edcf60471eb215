using Microsoft.AspNetCore.Http;

namespace Refinery.Builds.Records;

/// <summary>Why somebody cancels or retries, as the journal and the log have it.</summary>
internal static class Reason
{
    private const int Longest = 1000;

    /// <summary>What is wrong with a reason, in one sentence; null when nothing is.</summary>
    /// <param name="kind">field or parameter.</param>
    public static string? Fault(string kind, string? given) =>
        given is { Length: > Longest } ? $"The {kind} 'reason' has {given.Length} characters; at most {Longest} are expected." : null;

    /// <summary>The sentence: what was done, by which request, and why if that was said.</summary>
    /// <param name="what">Cancelled or Retried.</param>
    public static string Of(string what, string? given, HttpContext context) => string.IsNullOrWhiteSpace(given)
        ? $"{what} by request {context.TraceIdentifier}."
        : $"{what} by request {context.TraceIdentifier}: {given.Trim().Replace('\0', '\uFFFD')}";
}
