using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>The transaction of one group: waits for the turn, commits, and leaves a connection that can begin again.</summary>
internal static class GroupTransaction
{
    /// <summary>Runs the group's work and commits it.</summary>
    /// <param name="participants">Who wants to know something as the turn comes.</param>
    /// <param name="uncertain">Called when the connection was lost in the commit: if it was kept, nobody here was told.</param>
    /// <exception cref="SessionLostException">The connection is of no use any more, and the group must not be run again.</exception>
    public static async Task RunAsync(SqlSession session, Func<Task> work, IReadOnlyList<ICommitParticipant> participants, Action uncertain)
    {
        var transaction = await session.Connection.BeginTransactionAsync();
        session.Transaction = transaction;
        try
        {
            await WorkAsync(session, work, participants);
            Commit(transaction, session, uncertain);
        }
        catch (Exception fault) when (!session.IsLost && fault is not SessionLostException)
        {
            await UndoAsync(transaction, session, fault);
            throw;
        }
        finally
        {
            session.Transaction = null;
        }

        await transaction.DisposeAsync();
    }

    /// <summary>Leaves the connection quiet, whatever comes: over one that has an answer under way nothing can be rolled back.</summary>
    private static async Task WorkAsync(SqlSession session, Func<Task> work, IReadOnlyList<ICommitParticipant> participants)
    {
        try
        {
            TakeTurn(session, participants);
            await work();
            await session.FlushAsync();
        }
        finally
        {
            await session.SettleAsync();
        }
    }

    /// <exception cref="SessionLostException">The turn did not come: that is no unit's fault, and none would fare better alone.</exception>
    private static void TakeTurn(SqlSession session, IReadOnlyList<ICommitParticipant> participants)
    {
        if (session.Dialect.TakeTurn is not { } turn)
        {
            return;
        }

        try
        {
            session.TakeTurn(turn, participants);
        }
        catch (DbException fault) when (!session.IsLost)
        {
            throw new SessionLostException(new DatabaseUnavailableException(fault));
        }
    }

    /// <exception cref="SessionLostException">The connection was lost in the commit: whether it was kept cannot be told from here.</exception>
    private static void Commit(DbTransaction transaction, SqlSession session, Action uncertain)
    {
        try
        {
            transaction.Commit();
        }
        catch (DbException fault) when (session.IsLost)
        {
            uncertain();
            throw new SessionLostException(new DatabaseUnavailableException(
                "The connection to the database was lost in the commit: look whether this was stored before you send it again, or send it with the same Idempotency-Key.", fault));
        }
    }

    /// <summary>Rolls back; when that cannot be done, the connection is given up with the transaction.</summary>
    private static async Task UndoAsync(DbTransaction transaction, SqlSession session, Exception cause)
    {
        try
        {
            await transaction.RollbackAsync();
        }
        catch (Exception fault) when (fault is DbException or InvalidOperationException)
        {
            await UndoEmptyAsync(transaction, session, cause);
        }
    }

    /// <summary>
    /// On a full disk SQLite rolls back by itself, its driver does not see that, and the connection could neither roll back nor
    /// begin again: so the driver is given an empty transaction to roll back.
    /// </summary>
    private static async Task UndoEmptyAsync(DbTransaction transaction, SqlSession session, Exception cause)
    {
        try
        {
            await using var begin = session.Connection.CreateCommand();
            (begin.Transaction, begin.CommandText) = (transaction, "BEGIN");
            await begin.ExecuteNonQueryAsync();
            await transaction.RollbackAsync();
        }
        catch (Exception fault) when (fault is DbException or InvalidOperationException)
        {
            throw new SessionLostException(cause);
        }
    }
}

/// <summary>The connection cannot be used any more; the cause is inside.</summary>
internal sealed class SessionLostException(Exception cause) : Exception(cause.Message, cause);
