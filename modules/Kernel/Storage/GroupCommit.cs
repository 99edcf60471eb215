using System.Data;
using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Refinery.Kernel.Storage;

/// <summary>The one writer: takes the units that wait together, runs them in one transaction, commits once for all.</summary>
/// <remarks>
/// A caller alone waits for nobody, unless a group of several was answered a moment before. When a unit throws, the group is rolled
/// back and its units run one by one, so a bad one harms only itself; where a row was not as it was believed to be, the group runs once
/// more before that, and asks first; where the answer to its commit was lost the journal is asked whether it was kept. The loop has a thread of its own because the embedded engine blocks while it flushes to disk.
/// </remarks>
internal sealed partial class GroupCommit : IDisposable
{
    private const int MaxGroup = 512;
    private const int MaxWaiting = 20_000;

    private readonly Func<SqlSession> open;
    private readonly IReadOnlyList<ICommitParticipant> participants;
    private readonly GroupTransaction transaction;
    private readonly ILogger logger;
    private readonly Queue<WriteUnit> waiting = new();
    private readonly Lock gate = new();
    private readonly ManualResetEventSlim arrived = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim gathered = new(initialState: false, spinCount: 0);
    private readonly Thread thread;
    private List<WriteUnit> taken = [];
    private long groups;
    private int wanted;
    private bool closed;

    public GroupCommit(Func<SqlSession> open, IReadOnlyList<ICommitParticipant> participants, Notices notices, ILogger logger)
    {
        this.open = open;
        this.participants = participants;
        transaction = new GroupTransaction(participants, notices);
        this.logger = logger;
        thread = new Thread(Loop) { IsBackground = true, Name = "refinery-writer" };
        thread.Start();
    }

    /// <summary>How long a group is waited for at most after one of several; zero where a group takes no longer than that.</summary>
    public TimeSpan Patience { get; init; }

    /// <summary>How many groups have ended, one way or the other.</summary>
    public long Groups => Interlocked.Read(ref groups);

    /// <summary>True while units wait or are written.</summary>
    public bool IsBusy
    {
        get
        {
            lock (gate)
            {
                return waiting.Count + taken.Count > 0;
            }
        }
    }

    /// <summary>Hands everyone who waits a fault. What waits in line is not written any more; what was begun may be kept.</summary>
    public void Fail(Exception fault)
    {
        List<WriteUnit> all;
        lock (gate)
        {
            all = [.. taken, .. waiting];
        }

        all.ForEach(unit => unit.Fail(fault));
    }

    /// <summary>Puts a unit in line.</summary>
    /// <exception cref="ObjectDisposedException">The writer is closed.</exception>
    /// <exception cref="DatabaseUnavailableException">Too many units wait already.</exception>
    public void Add(WriteUnit unit)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (waiting.Count >= MaxWaiting)
            {
                throw new DatabaseUnavailableException("Too many writes are waiting; try again shortly.");
            }

            waiting.Enqueue(unit);
            if (waiting.Count == 1)
            {
                arrived.Set();
            }

            if (waiting.Count == wanted)
            {
                gathered.Set();
            }
        }
    }

    /// <summary>Finishes what waits, then stops the thread; a second call does nothing.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            closed = true;
        }

        arrived.Set();
        thread.Join();
        arrived.Dispose();
        gathered.Dispose();
    }

    private void Loop()
    {
        SqlSession? session = null;
        while (true)
        {
            arrived.Wait();
            arrived.Reset();
            while (TakeGroup() is { Count: > 0 } group)
            {
                session = RunOnThisThread(group, session);
                Interlocked.Increment(ref groups);
                Gather(group.Count);
            }

            lock (gate)
            {
                if (closed && waiting.Count == 0)
                {
                    break;
                }
            }
        }

        Close(session);
    }

    /// <summary>Callers that were answered together mostly ask again together: of as many units as there were, one group costs less than two halves that wait for each other.</summary>
    private void Gather(int answered)
    {
        lock (gate)
        {
            wanted = answered > 1 && !closed && Patience > TimeSpan.Zero ? Math.Min(answered + waiting.Count, MaxGroup) : 0;
            if (wanted <= waiting.Count)
            {
                return;
            }

            gathered.Reset();
        }

        gathered.Wait(Patience);
    }

    private List<WriteUnit> TakeGroup()
    {
        var group = new List<WriteUnit>();
        lock (gate)
        {
            while (group.Count < MaxGroup && waiting.TryDequeue(out var unit))
            {
                if (!unit.IsAbandoned)
                {
                    group.Add(unit);
                }
            }

            taken = group;
        }

        return group;
    }

    /// <summary>The engine's calls block on SQLite and overlap nothing on Postgres, so this thread simply waits for the group.</summary>
    /// <param name="lost">As for <see cref="GroupTransaction.RunAsync(SqlSession, List{WriteUnit}, CommitLostException)"/>.</param>
    private SqlSession? RunOnThisThread(List<WriteUnit> group, SqlSession? session, bool asksFirst = false, CommitLostException? lost = null)
    {
        var isNew = session is null;
        try
        {
            session ??= open();
            if (RunGroupAsync(group, session, asksFirst, lost).GetAwaiter().GetResult() is not { } fault)
            {
                return lost is null ? session : Close(session);
            }

            if (fault is DBConcurrencyException && !asksFirst)
            {
                return RunOnThisThread(group, session, asksFirst: true);
            }
        }
        catch (Exception fault) when (!isNew && fault is not SessionLostException)
        {
            // Lost since it was last used, and before the commit: nothing was kept, and a new connection may do.
            Close(session);
            return RunOnThisThread(group, session: null, asksFirst);
        }
        catch (CommitLostException fault) when (lost is null && fault.CanBeTold)
        {
            Close(session);
            return RunOnThisThread(group, session: null, asksFirst: true, fault);
        }
        catch (Exception fault)
        {
            var cause = SessionLostException.CauseOf(lost ?? fault);
            group.ForEach(unit => unit.Fail(cause));
            return Close(session);
        }

        // Each by itself: one that takes the connection down with it must not fail those behind it.
        foreach (var unit in group)
        {
            session = RunOnThisThread([unit], session, asksFirst: true);
        }

        return session;
    }

    /// <returns>Null: the next group opens another.</returns>
    private static SqlSession? Close(SqlSession? session)
    {
        try
        {
            session?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        catch (DbException)
        {
            // A lost connection may refuse to close; the next group gets a new one.
        }

        return null;
    }

    /// <summary>Commits a group, or hands a single unit its fault.</summary>
    /// <returns>Null when every caller has an answer, or why nothing was kept and its units are to run again.</returns>
    private async Task<Exception?> RunGroupAsync(List<WriteUnit> group, SqlSession session, bool asksFirst, CommitLostException? lost)
    {
        try
        {
            session.Forget();
            session.AsksFirst = asksFirst;
            await transaction.RunAsync(session, group, lost);
        }
        catch (Exception fault) when (fault is not SessionLostException && !session.IsLost)
        {
            if (group is not [var single] || (fault is DBConcurrencyException && !asksFirst))
            {
                return fault;
            }

            single.Fail(SessionLostException.CauseOf(fault));
            return null;
        }

        Announce(group, session);
        return null;
    }

    /// <summary>Stands apart from the commit: a fault in here must never run a committed unit again.</summary>
    private void Announce(List<WriteUnit> group, SqlSession session)
    {
        foreach (var told in participants.Select(participant => (Action)participant.Committed).Concat(session.AfterCommitActions))
        {
            Tell(told);
        }

        group.ForEach(unit => unit.Succeed());
    }

    /// <summary>Committed is committed, whatever one who is told of it makes of it: the others, who count on it, are told too.</summary>
    private void Tell(Action told)
    {
        try
        {
            told();
        }
        catch (Exception fault)
        {
            LogDeaf(logger, fault);
        }
    }

    [LoggerMessage(LogLevel.Error, "A commit was kept, but one of those who wait for it failed to take note; restart this host if its counts look wrong.")]
    private static partial void LogDeaf(ILogger logger, Exception fault);
}
