using Refinery.Contract;

namespace Refinery.Kernel.Work;

/// <summary>The steps that wait, as the database has them: what a queue backend is filled from.</summary>
public interface IWaitingLine
{
    /// <summary>How many wait.</summary>
    Task<LineLength> CountAsync(CancellationToken cancellationToken);

    /// <summary>Those that may be called at once, of every type, in calling order: highest priority first, then lowest rank.</summary>
    /// <remarks>Read in pages, so who is claimed meanwhile may be among them, and who comes meanwhile may not.</remarks>
    IAsyncEnumerable<QueueItem> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>How many steps wait.</summary>
/// <param name="Ready">They may be called at once.</param>
/// <param name="Delayed">They wait for an instant, and join the line when it comes.</param>
public sealed record LineLength(long Ready, long Delayed);
