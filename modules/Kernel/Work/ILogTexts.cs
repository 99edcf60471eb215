namespace Refinery.Kernel.Work;

/// <summary>How other modules read logs. The Logs module implements it.</summary>
public interface ILogTexts
{
    /// <summary>Opens the newest stored log of a package's version.</summary>
    /// <param name="name">The package, in any spelling; names are compared normalised.</param>
    /// <param name="version">The version, letter by letter.</param>
    /// <returns>UTF-8 text, or null when there is none.</returns>
    Task<Stream?> OpenNewestAsync(string name, string version, CancellationToken cancellationToken);

    /// <summary>The last lines of a log, be it stored or still being written.</summary>
    /// <param name="key">Where it is found. With a step, and without a digest, only a log that is being written is: the step's own, or one of which nobody says whose it is.</param>
    /// <param name="sha256">The digest of the stored text when it is known: it tells two logs of one key apart. Null for the newest of the key.</param>
    /// <param name="lines">At least 1; of very long lines fewer come back.</param>
    /// <returns>Whole lines, each with its line break; null when there is no such log.</returns>
    Task<string?> ReadEndAsync(LogKey key, string? sha256, int lines, CancellationToken cancellationToken);
}
