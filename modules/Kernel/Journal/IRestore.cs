using Refinery.Kernel.Storage;

namespace Refinery.Kernel.Journal;

/// <summary>Brings back rows that are no projection, when an empty database is made anew from the journal's file.</summary>
/// <remarks>Such rows change outside the journal too (leases, for example), so a rebuild of projections leaves them alone.</remarks>
public interface IRestore
{
    /// <summary>Applies events in journal order, in the transaction that brings the journal back; types it does not know change nothing.</summary>
    /// <param name="sql">Writes, but appends no events: the journal is not whole yet.</param>
    /// <param name="events">The next page; every event of the journal comes once.</param>
    Task RestoreAsync(SqlSession sql, IReadOnlyList<JournalEvent> events);
}
