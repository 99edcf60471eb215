using Refinery.Kernel.Storage;

namespace Refinery.Logs;

/// <summary>Keeps the texts of logs and knows where on this machine they lie. One process with its own database does it otherwise than hosts that share one.</summary>
internal interface ITextKeeper
{
    /// <summary>Before anything is served: finds what the archive of this machine holds.</summary>
    Task LoadAsync(CancellationToken cancellationToken);

    /// <summary>Makes a text durable, once however often it comes. Not cancellable: the draft is being read.</summary>
    Task<TextPlace> KeepAsync(string sha256, LogDraft draft);

    /// <summary>Joins the unit that stores a log of this text.</summary>
    Task JoinAsync(SqlSession sql, string sha256, TextPlace place);

    /// <summary>Where the text of a stored log lies, brought here first when need be; null when it is nowhere.</summary>
    Task<TextPlace?> FindAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>Logs older than the cursor with the places of their texts, newest first.</summary>
    Task<IReadOnlyList<LogRow>> ListOlderAsync(LogCursor cursor, int limit, CancellationToken cancellationToken);

    /// <summary>Sees to it that the archive holds the texts of all logs that are stored by now. False when some are still missing after a while.</summary>
    Task<bool> CatchUpAsync(CancellationToken cancellationToken);
}
