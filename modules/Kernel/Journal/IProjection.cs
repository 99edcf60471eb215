using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>Turns events into the rows that answer questions. Runs in the commit that appends the events, and again on a rebuild.</summary>
/// <remarks>
/// Deterministic: the rows follow from the events alone, never from the clock or from other tables, so that reset and replay
/// give identical tables. Owns its tables through its module's store.
/// </remarks>
public interface IProjection
{
    /// <summary>A word for logs and reports, for example <c>history</c>.</summary>
    string Name { get; }

    /// <summary>
    /// True to be given everybody's events. Else only our own come: those of others, which name their target, may have our types
    /// and say what they like in them.
    /// </summary>
    bool TakesOthers => false;

    /// <summary>Empties the projection's tables.</summary>
    Task ResetAsync(SqlSession sql);

    /// <summary>Applies events in journal order; types it does not know change nothing.</summary>
    Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events);
}
