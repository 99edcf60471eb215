namespace Refinery.Kernel.Work;

/// <summary>What is known about failing logs. The Hints module implements it.</summary>
public interface IHints
{
    /// <summary>How much of a log's end hints are matched against, in bytes.</summary>
    const int TailBytes = 5 << 20;

    /// <summary>The hints whose pattern matches the log's tail, most confident first.</summary>
    /// <param name="logTail">The end of a log; a longer text than the module's bound is cut at its front.</param>
    /// <param name="package">The package that failed, for hints that apply to some only; null when none.</param>
    Task<IReadOnlyList<MatchedHint>> MatchAsync(string logTail, string? package, CancellationToken cancellationToken);
}

/// <summary>A hint that fits a failure.</summary>
/// <param name="Id">The hint's id.</param>
/// <param name="Note">One sentence for a person.</param>
/// <param name="Recipes">What would mend it: packages by manager (apt, dnf, pip, env).</param>
/// <param name="Line">The log line that matched, cut at 300 characters.</param>
public sealed record MatchedHint(
    string Id,
    string Note,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes,
    string Line);
