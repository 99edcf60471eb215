using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>The transaction of one group: waits for the turn, commits, and leaves a connection that can begin again.</summary>
internal static class GroupTransaction
{
    /// <summary>Runs the group's work and commits it.</summary>
    /// <param name="participants">Who wants to know something as the turn comes.</param>
    /// <param name="uncertain">Called when the answer to the commit was lost, mostly with the connection: if it was kept, nobody here was told.</param>
    /// <exception cref="SessionLostException">The connection is of no use any more, or the turn did not come, and the group must not be run again.</exception>
    public static async Task RunAsync(SqlSession session, Func<Task> work, IReadOnlyList<ICommitParticipant> participants, Action uncertain)
    {
        try
        {
            session.Transaction.Begin(participants);
            await work();
            await session.Transaction.CommitAsync();
        }
        catch (Exception fault) when (session.Transaction.IsUncertain(fault))
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

    /// <exception cref="SessionLostException">It could not be rolled back, so the connection is given up with the transaction; or the turn did not come.</exception>
    private static async Task UndoAsync(SqlSession session, Exception cause)
    {
        try
        {
            await session.Transaction.RollbackAsync();
        }
        catch (Exception) when (!session.IsLost)
        {
            throw new SessionLostException(cause);
        }

        if (!session.IsLost && cause is DbException fault && session.Transaction.HasRefusedTurn(fault))
        {
            throw new SessionLostException(new DatabaseUnavailableException(fault));
        }
    }
}

/// <summary>The connection is given up, or the turn did not come: the group fails as it is, with the cause that is inside.</summary>
internal sealed class SessionLostException(Exception cause) : Exception(cause.Message, cause)
{
    /// <summary>What callers are told of a fault.</summary>
    public static Exception CauseOf(Exception fault) => fault switch
    {
        SessionLostException { InnerException: { } inner } => inner,
        DbException away when DatabaseUnavailableException.IsAway(away) => new DatabaseUnavailableException(away),
        _ => fault,
    };
}
