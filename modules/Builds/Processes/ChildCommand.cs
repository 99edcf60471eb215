namespace Refinery.Builds.Processes;

/// <summary>A program to run with its arguments: a list, never a line for a shell.</summary>
/// <param name="Program">An absolute path, or a name that is looked up in the environment's <c>PATH</c>.</param>
/// <param name="Arguments">The arguments after the program's name, passed on untouched.</param>
/// <param name="WorkingFolder">The existing folder the program starts in.</param>
/// <param name="Environment">The program's whole environment; nothing is inherited.</param>
internal sealed record ChildCommand(
    string Program,
    IReadOnlyList<string> Arguments,
    string WorkingFolder,
    IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>How long it may run; null is without limit.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Address space of each of its processes in bytes; null is without limit, as where <c>prlimit</c> is not installed.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>How long its processes may take to end after TERM, before KILL: whoever cancels a build sees it gone within five seconds.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(2);
}
