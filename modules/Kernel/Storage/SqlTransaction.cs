using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace Refinery.Kernel.Storage;

/// <summary>The transaction of one connection, by the engine's own words: where the engine is elsewhere they go over one way with what comes after them or before.</summary>
internal sealed class SqlTransaction(SqlSession session, HeldCommands held, CommandRun run)
{
    private const string Commit = "COMMIT";
    private const string Rollback = "ROLLBACK";

    private readonly NpgsqlBatchCommand commit = new(Commit);
    private Asked? turn;
    private Task heard = Task.CompletedTask;
    private bool isCommitting;
    private int waysBefore;

    /// <summary>True from the begin to the end.</summary>
    public bool IsOpen => held.IsOpen;

    /// <summary>True once nobody else may write, where somebody else may.</summary>
    public bool HasTurn => turn is not { IsHungry: true };

    /// <summary>Begins one. Elsewhere nothing is sent yet.</summary>
    public async Task BeginAsync()
    {
        (held.IsOpen, turn, isCommitting, waysBefore) = (true, null, false, held.Ways);
        if (IsHere)
        {
            await session.ExecuteAsync(session.Dialect.Begin);
        }
        else
        {
            held.Hold(new Telling(new NpgsqlBatchCommand(session.Dialect.Begin)));
        }
    }

    /// <summary>Begins one that waits for the right to write, and asks with it what the participants want to know of that moment.</summary>
    public async Task BeginAsync(IEnumerable<ICommitParticipant> participants)
    {
        await BeginAsync();
        if (session.Dialect.TakeTurn is { } text)
        {
            held.Hold(turn = new Asked<bool>(new NpgsqlBatchCommand(text), _ => true, most: 1));
            heard = Task.WhenAll(run.Hold(() => participants.Select(participant => participant.HearAtTurnAsync(session)).ToList()));
        }
    }

    /// <summary>Waits for the turn, if nothing has been asked in it yet.</summary>
    public async Task TurnAsync()
    {
        if (!HasTurn)
        {
            await held.FlushAsync();
        }

        await heard;
    }

    /// <summary>Commits; elsewhere over one way with what is held.</summary>
    public async Task CommitAsync()
    {
        if (IsHere)
        {
            await session.ExecuteAsync(Commit);
        }
        else
        {
            await held.EndSendingAsync();
            held.Hold(new Telling(commit));
            isCommitting = true;
            await held.FlushAsync();
        }

        held.IsOpen = false;
    }

    /// <summary>True for a fault after which it cannot be told from here whether the transaction was kept.</summary>
    public bool IsUncertain(DbException fault) => isCommitting && (fault.SqlState is null || session.IsLost);

    /// <summary>Leaves the connection quiet, whatever comes, and undoes what was done.</summary>
    /// <exception cref="DbException">It cannot be undone: the connection is of no use any more.</exception>
    public async Task RollbackAsync()
    {
        await held.SettleAsync();
        held.IsOpen = false;
        if (HasBegun && !session.IsLost)
        {
            await session.ExecuteAsync(Rollback);
        }
    }

    private bool IsHere => session.Connection is SqliteConnection;

    /// <summary>On a full disk SQLite rolls back by itself; elsewhere the begin may not have been sent.</summary>
    private bool HasBegun => session.Connection is SqliteConnection { Handle: { } engine } ? raw.sqlite3_get_autocommit(engine) == 0 : held.Ways > waysBefore;
}
