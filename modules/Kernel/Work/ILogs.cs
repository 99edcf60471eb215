namespace Refinery.Kernel.Work;

/// <summary>Where attempts write their logs. The Logs module implements it.</summary>
public interface ILogs
{
    /// <summary>Opens the live log of an attempt. Each has its own: two of the same key run side by side and both are stored.</summary>
    Task<ILogWriter> OpenAsync(ClaimedStep step, CancellationToken cancellationToken);
}

/// <summary>Under what a log is found; several may have the same.</summary>
/// <param name="Name">The package (compared normalised), or the step type of other steps.</param>
/// <param name="Version">The version, or the step id of other steps.</param>
/// <param name="Attempt">The attempt's number, 1 or more; null for a log posted from outside.</param>
/// <param name="RunId">The run it belongs to; null when none.</param>
/// <param name="StepId">The step whose attempt writes it; null when nobody says.</param>
public sealed record LogKey(string Name, string Version, int? Attempt = null, string? RunId = null, string? StepId = null);

/// <summary>A log being written: every line is seen live at once and kept if the process dies.</summary>
public interface ILogWriter : IAsyncDisposable
{
    /// <summary>Appends one line; safe to call from several threads.</summary>
    /// <param name="line">Without its line break; NUL becomes U+FFFD.</param>
    ValueTask WriteLineAsync(string line);

    /// <summary>The last whole lines, at most so many UTF-8 bytes.</summary>
    string Tail(int maxBytes);

    /// <summary>Ends and stores the log. Disposing without it stores what was written, too.</summary>
    Task<StoredLog> CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>A stored log's address.</summary>
/// <param name="Sha256">64 lower-case hex digits over the UTF-8 content.</param>
/// <param name="SizeBytes">UTF-8 length.</param>
/// <param name="Lines">Number of lines.</param>
public sealed record StoredLog(string Sha256, long SizeBytes, long Lines);
