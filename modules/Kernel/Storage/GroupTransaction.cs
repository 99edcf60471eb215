using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>The transaction of one group: its units, what joins every commit, and the commit itself; leaves a connection that can begin again, unless it throws that this is lost.</summary>
internal sealed class GroupTransaction(IReadOnlyList<ICommitParticipant> participants, Notices notices)
{
    /// <summary>Runs the units and commits.</summary>
    /// <param name="lost">The commit of these units whose answer did not come, or null. Where it was kept nothing is run, and the transaction is left as it is: its connection is to be closed.</param>
    /// <exception cref="CommitLostException">It is not known whether the group was kept: if it was, nobody here was told.</exception>
    /// <exception cref="SessionLostException">The connection is of no use any more, or the turn did not come, and the group must not be run again.</exception>
    public async Task RunAsync(SqlSession session, List<WriteUnit> group, CommitLostException? lost)
    {
        try
        {
            session.Transaction.Begin(participants);
            if (lost is not null && await WasKeptAsync(session, lost))
            {
                return;
            }

            await RunUnitsAsync(session, group);
            if (lost is { MayStillCome: true } && session.Drafts.Count == 0)
            {
                throw new SessionLostException(lost);
            }

            await session.Transaction.CommitAsync();
        }
        catch (Exception fault) when (session.Transaction.IsUncertain(fault))
        {
            notices.Miss();
            throw new CommitLostException(session, fault);
        }
        catch (Exception fault)
        {
            await UndoAsync(session, fault);
            if (lost is { MayStillCome: true })
            {
                throw new SessionLostException(fault);
            }

            throw;
        }
    }

    /// <summary>Looks, in the turn, whether a commit was kept.</summary>
    /// <remarks>Its transaction has ended by then, unless it did not have the turn yet: see <see cref="CommitLostException.MayStillCome"/>.</remarks>
    /// <exception cref="SessionLostException">It cannot be told, so nothing may be run again.</exception>
    private async Task<bool> WasKeptAsync(SqlSession session, CommitLostException lost)
    {
        try
        {
            await session.Transaction.TurnAsync();
            foreach (var participant in participants)
            {
                if (!await participant.WasKeptAsync(session))
                {
                    return false;
                }
            }
        }
        catch (Exception fault)
        {
            throw new SessionLostException(fault);
        }

        session.GoOnFrom(lost.Session);
        return true;
    }

    private async Task RunUnitsAsync(SqlSession session, List<WriteUnit> group)
    {
        // In a group that runs again there may be one whose caller was told meanwhile that the database is away.
        foreach (var together in group.Where(unit => !unit.IsAbandoned).GroupBy(unit => unit.Kind))
        {
            await together.First().RunAsync(session, [.. together]);
        }

        await session.Transaction.TurnAsync();
        foreach (var participant in participants)
        {
            await participant.BeforeCommitAsync(session);
        }

        await notices.SendAsync(session);
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
internal class SessionLostException(Exception cause) : Exception(cause.Message, cause)
{
    /// <summary>What callers are told of a fault.</summary>
    public static Exception CauseOf(Exception fault) => fault switch
    {
        SessionLostException { InnerException: { } inner } => inner,
        DbException away when DatabaseUnavailableException.IsAway(away) => new DatabaseUnavailableException(away),
        _ => fault,
    };
}

/// <summary>The answer to a commit did not come, mostly because the connection was lost.</summary>
internal sealed class CommitLostException(SqlSession session, Exception fault) : SessionLostException(new DatabaseUnavailableException(
    "The connection to the database was lost in the commit: look whether this was stored before you send it again, or send it with the same Idempotency-Key.", fault))
{
    /// <summary>What it was to commit; its connection is of no use any more.</summary>
    public SqlSession Session => session;

    /// <summary>True where the journal tells whether it was kept.</summary>
    public bool CanBeTold => session.Drafts.Count > 0;

    /// <summary>True where its transaction may not have had the turn yet: unless another takes its place in the chain, the server may still come to it.</summary>
    public bool MayStillCome { get; } = session.Transaction.Believes;
}
