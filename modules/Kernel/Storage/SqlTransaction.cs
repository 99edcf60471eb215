using System.Data;
using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace Refinery.Kernel.Storage;

/// <summary>The transaction of one connection, by the engine's own words: where the engine is elsewhere they go over one way with what comes after them or before.</summary>
internal sealed class SqlTransaction(SqlSession session, HeldCommands held, CommandRun run)
{
    private const string Commit = "COMMIT";
    private const string Rollback = "ROLLBACK";
    private const string IdleTooLong = "25P03"; // idle_in_transaction_session_timeout

    private HeldCommand? turn;
    private Task heard = Task.CompletedTask;
    private Exception? refusal;
    private bool isCommitting;
    private int waysBefore;

    /// <summary>True from the begin to the end.</summary>
    public bool IsOpen => held.IsOpen;

    /// <summary>How often a batch was sent over the connection; an engine that is here gets none.</summary>
    public int Ways => held.Ways;

    /// <summary>True once nobody else may write, where somebody else may; and where that is believed.</summary>
    public bool HasTurn => turn is not { IsHungry: true };

    /// <summary>True once a unit has believed that the turn will come.</summary>
    public bool Believes { get; private set; }

    /// <summary>Begins one. Elsewhere nothing is sent yet.</summary>
    public void Begin()
    {
        (held.IsOpen, turn, refusal, isCommitting, waysBefore) = (true, null, null, false, held.Ways);
        (heard, Believes) = (Task.CompletedTask, false);
        if (session.IsElsewhere)
        {
            held.Hold(new Telling(new NpgsqlBatchCommand(session.Dialect.Begin)));
        }
        else
        {
            RunHere(session.Dialect.Begin);
        }
    }

    /// <summary>Begins one that waits for the right to write, and asks with it what the participants want to know of that moment.</summary>
    public void Begin(IEnumerable<ICommitParticipant> participants)
    {
        Begin();
        if (session.Dialect.TakeTurn is { } text)
        {
            held.Hold(turn = new Asked<bool>(new NpgsqlBatchCommand(text), _ => true, most: 1));
            heard = Task.WhenAll(run.GatherForNext(() => participants.Select(participant => participant.HearAtTurnAsync(session)).ToList()));
        }
    }

    /// <summary>From here on nobody waits for the turn: the server refuses the transaction where another has it. What was to be asked with it is not.</summary>
    /// <param name="check">Of the dialect's condition for the turn, and of what else is believed.</param>
    public void Believe(Telling check)
    {
        held.Fault?.Throw();
        Believes = true;
        if (turn is { IsHungry: true } waits)
        {
            held.Replace(waits, check);
            turn = null;
        }
        else
        {
            held.Hold(check);
        }
    }

    /// <summary>Waits for the turn, and for what else was asked ahead, if nothing has been sent since.</summary>
    public async Task TurnAsync()
    {
        held.Fault?.Throw();
        if (held.Asks)
        {
            await held.FlushAsync();
        }

        if (!Believes)
        {
            await heard;
        }
    }

    /// <summary>Commits; elsewhere over one way with what is held.</summary>
    public async Task CommitAsync()
    {
        if (session.IsElsewhere)
        {
            await held.EndSendingAsync();
            held.Fault?.Throw();
            held.Hold(new Telling(new NpgsqlBatchCommand(Commit)));
            isCommitting = true;
            await held.FlushAsync();
        }
        else
        {
            RunHere(Commit);
        }

        held.IsOpen = false;
    }

    /// <summary>True for a fault after which it cannot be told from here whether the transaction was kept; false where the server has refused it, or had ended it before.</summary>
    public bool IsUncertain(Exception fault) =>
        isCommitting
        && (session.IsLost || fault is NpgsqlException)
        && fault is not (DBConcurrencyException or PostgresException { InvariantSeverity: "ERROR" } or PostgresException { SqlState: IdleTooLong });

    /// <summary>True for the fault by which the turn did not come: that is no unit's, and none would fare better alone.</summary>
    public bool HasRefusedTurn(Exception fault) => !HasTurn && refusal == fault;

    /// <summary>Leaves the connection quiet, whatever comes. One that is used again is rolled back.</summary>
    public async Task SettleAsync()
    {
        refusal = held.Fault?.SourceException;
        await held.SettleAsync();
        held.IsOpen = false;
    }

    /// <summary>Leaves the connection as it was before.</summary>
    public async Task RollbackAsync()
    {
        await SettleAsync();
        if (session.IsLost)
        {
            return;
        }

        if (!session.IsElsewhere)
        {
            RollbackHere();
        }
        else if (held.Ways > waysBefore)
        {
            held.Hold(new Telling(new NpgsqlBatchCommand(Rollback)));
            await held.FlushAsync();
        }
    }

    private sqlite3 Engine => ((SqliteConnection)session.Connection).Handle ?? throw new InvalidOperationException("The connection is closed.");

    private void RunHere(string word) => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(Engine, word), Engine);

    /// <summary>On a full disk SQLite has done so by itself.</summary>
    private void RollbackHere()
    {
        if (raw.sqlite3_get_autocommit(Engine) == 0)
        {
            RunHere(Rollback);
        }
    }
}
