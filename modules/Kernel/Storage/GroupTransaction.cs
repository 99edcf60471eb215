using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>The transaction of one group: waits for the turn, commits, and leaves a connection that can begin again.</summary>
internal static class GroupTransaction
{
    /// <summary>Runs the group's work and commits it.</summary>
    /// <param name="participants">Who wants to know something as the turn comes.</param>
    /// <param name="uncertain">Called when the connection was lost in the commit: if it was kept, nobody here was told.</param>
    /// <exception cref="SessionLostException">The connection is of no use any more, or the turn did not come, and the group must not be run again.</exception>
    public static async Task RunAsync(SqlSession session, Func<Task> work, IReadOnlyList<ICommitParticipant> participants, Action uncertain)
    {
        try
        {
            await session.Transaction.BeginAsync(participants);
            await work();
            await session.Transaction.CommitAsync();
        }
        catch (DbException fault) when (session.Transaction.IsUncertain(fault))
        {
            uncertain();
            throw new SessionLostException(new DatabaseUnavailableException(
                "The connection to the database was lost in the commit: look whether this was stored before you send it again, or send it with the same Idempotency-Key.", fault));
        }
        catch (Exception fault)
        {
            await UndoAsync(session, fault);
            throw;
        }
    }

    /// <exception cref="SessionLostException">
    /// It could not be rolled back, so the connection is given up with the transaction; or the turn did not come, which is no unit's fault, and none would fare better alone.
    /// </exception>
    private static async Task UndoAsync(SqlSession session, Exception cause)
    {
        try
        {
            await session.Transaction.RollbackAsync();
        }
        catch (DbException) when (!session.IsLost)
        {
            throw new SessionLostException(cause);
        }

        if (cause is DbException fault && !session.IsLost && !session.Transaction.HasTurn)
        {
            throw new SessionLostException(new DatabaseUnavailableException(fault));
        }
    }
}

/// <summary>The connection cannot be used any more; the cause is inside.</summary>
internal sealed class SessionLostException(Exception cause) : Exception(cause.Message, cause);
