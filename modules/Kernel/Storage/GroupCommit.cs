namespace Refinery.Kernel.Storage;

/// <summary>The one writer: takes the units that wait together, runs them in one transaction, commits once for all.</summary>
/// <remarks>
/// A caller alone waits for nobody. When a unit throws, the group is rolled back and its units run one by one, so a bad
/// one harms only itself. The loop has a thread of its own because the embedded engine blocks while it flushes to disk.
/// </remarks>
internal sealed class GroupCommit : IDisposable
{
    private const int MaxGroup = 512;
    private const int MaxWaiting = 20_000;

    private readonly Func<SqlSession> open;
    private readonly IReadOnlyList<ICommitParticipant> participants;
    private readonly Queue<WriteUnit> waiting = new();
    private readonly Lock gate = new();
    private readonly SemaphoreSlim arrived = new(0);
    private readonly Thread thread;
    private bool closed;

    public GroupCommit(Func<SqlSession> open, IReadOnlyList<ICommitParticipant> participants)
    {
        this.open = open;
        this.participants = participants;
        thread = new Thread(Loop) { IsBackground = true, Name = "refinery-writer" };
        thread.Start();
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
                arrived.Release();
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

        arrived.Release();
        thread.Join();
        arrived.Dispose();
    }

    private void Loop()
    {
        SqlSession? session = null;
        while (true)
        {
            arrived.Wait();
            while (TakeGroup() is { Count: > 0 } group)
            {
                session = RunOnThisThread(group, session);
            }

            lock (gate)
            {
                if (closed && waiting.Count == 0)
                {
                    break;
                }
            }
        }

        session?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private List<WriteUnit> TakeGroup()
    {
        var group = new List<WriteUnit>();
        lock (gate)
        {
            while (group.Count < MaxGroup && waiting.TryDequeue(out var unit))
            {
                group.Add(unit);
            }
        }

        group.RemoveAll(unit => unit.IsAbandoned);
        return group.Count > 0 || waiting.Count == 0 ? group : TakeGroup();
    }

    /// <summary>The engine's calls block on SQLite and overlap nothing on Postgres, so this thread simply waits for the group.</summary>
    private SqlSession? RunOnThisThread(List<WriteUnit> group, SqlSession? session)
    {
        try
        {
            session ??= open();
            RunGroupAsync(group, session).GetAwaiter().GetResult();
            return session;
        }
        catch (Exception fault)
        {
            group.ForEach(unit => unit.Fail(fault));
            session?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return null;
        }
    }

    private async Task RunGroupAsync(List<WriteUnit> group, SqlSession session)
    {
        try
        {
            await CommitAsync(group, session);
        }
        catch (Exception fault) when (session.Connection.State == System.Data.ConnectionState.Open)
        {
            if (group.Count == 1)
            {
                group[0].Fail(fault);
                return;
            }

            foreach (var unit in group)
            {
                await RunGroupAsync([unit], session);
            }

            return;
        }

        Announce(group, session);
    }

    private async Task CommitAsync(List<WriteUnit> group, SqlSession session)
    {
        session.Forget();
        await using var transaction = await session.Connection.BeginTransactionAsync();
        session.Transaction = transaction;
        try
        {
            foreach (var unit in group)
            {
                await unit.RunAsync(session);
            }

            foreach (var participant in participants)
            {
                await participant.BeforeCommitAsync(session);
            }

            await transaction.CommitAsync();
        }
        finally
        {
            session.Transaction = null;
        }
    }

    /// <summary>Stands apart from the commit: a fault in here must never run a committed unit again.</summary>
    private void Announce(List<WriteUnit> group, SqlSession session)
    {
        foreach (var participant in participants)
        {
            participant.Committed();
        }

        session.RunAfterCommit();
        group.ForEach(unit => unit.Succeed());
    }
}
