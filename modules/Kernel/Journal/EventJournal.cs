using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Kernel.Journal;

/// <summary>The hash-chained journal: every change of state, appended in the commit of the rows it changes.</summary>
/// <remarks>Units append through <see cref="SqlSession.Append"/>. Safe for all threads. Source: docs/spec/event-graph.md, "Hash chain".</remarks>
public sealed class EventJournal : ICommitParticipant
{
    private const string Appends = "journal";
    private const int PageSize = 500;

    private readonly Database database;
    private readonly Ids ids;
    private readonly TimeProvider clock;
    private readonly IReadOnlyList<IProjection> projections;
    private readonly AsyncSignal appended = new();
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly List<JournalEvent> pending = [];
    private ImmutableArray<Action<IReadOnlyList<JournalEvent>>> listeners = [];
    private JournalHead? head;

    /// <summary>Joins the database's commits; make one journal per database, before the first write.</summary>
    /// <param name="projections">Applied in this order inside every commit that appends.</param>
    public EventJournal(Database database, Ids ids, TimeProvider clock, IEnumerable<IProjection> projections)
    {
        this.database = database;
        this.ids = ids;
        this.clock = clock;
        this.projections = [.. projections];
        database.Join(this);
        database.Notices.Hear(Appends, _ => appended.Pulse());
    }

    /// <summary>Has an action run with the events of each commit of this process, in order, on the writer's thread: quick, never throws, and does not keep the list.</summary>
    public void Hear(Action<IReadOnlyList<JournalEvent>> action) => ImmutableInterlocked.Update(ref listeners, static (all, one) => all.Add(one), action);

    /// <summary>The end of the chain as committed.</summary>
    public Task<JournalHead> HeadAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(JournalStore.HeadAsync, cancellationToken);

    /// <summary>The journal's length as a unit sees it.</summary>
    public static async Task<long> LengthAsync(SqlSession sql) => (await JournalStore.HeadAsync(sql)).Sequence;

    /// <summary>Events after a sequence, in order; empty at the end.</summary>
    public async Task<IReadOnlyList<JournalEvent>> ListAfterAsync(long sequence, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(sql => JournalStore.ListAfterAsync(sql, sequence, limit), cancellationToken);
        return [.. rows.Select(EventChain.Read)];
    }

    /// <summary>Events after a sequence, then every new one as it is committed, until the token fires.</summary>
    public async IAsyncEnumerable<JournalEvent> FollowAsync(long sequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = appended.Next;
            var page = await ListAfterAsync(sequence, PageSize, cancellationToken);
            foreach (var link in page)
            {
                sequence = link.Sequence;
                yield return link;
            }

            if (page.Count == 0)
            {
                await next.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>The events at some sequences, in the order asked for; what is not there is left out.</summary>
    public static async Task<IReadOnlyList<JournalEvent>> ListAsync(SqlSession sql, IEnumerable<long> sequences)
    {
        var events = new List<JournalEvent>();
        foreach (var sequence in sequences)
        {
            if (await JournalStore.FindAsync(sql, sequence) is { } row)
            {
                events.Add(EventChain.Read(row));
            }
        }

        return events;
    }

    /// <summary>Events before a sequence, newest first.</summary>
    public static async Task<IReadOnlyList<JournalEvent>> ListBeforeAsync(SqlSession sql, long sequence, int limit) =>
        [.. (await JournalStore.ListBeforeAsync(sql, sequence, limit)).Select(EventChain.Read)];

    /// <summary>Joins events from elsewhere to the journal, in their order, unless they are there already. Called in a unit of writing.</summary>
    /// <param name="drafts">With their ids and timestamps set.</param>
    /// <param name="skipConflicts">False to append none of them when one's id belongs to another event.</param>
    /// <returns>What came of each, or would have, in their order.</returns>
    public static async Task<IReadOnlyList<Arrival>> AppendOnceAsync(SqlSession sql, IReadOnlyList<EventDraft> drafts, bool skipConflicts)
    {
        var fresh = new Dictionary<string, EventDraft>(StringComparer.Ordinal);
        var arrivals = new List<Arrival>(drafts.Count);
        foreach (var draft in drafts)
        {
            var eventId = draft.EventId ?? throw new ArgumentException("An event from elsewhere has an id.", nameof(drafts));
            arrivals.Add(await ArrivalAsync(sql, draft, sql.DraftOf(eventId) ?? fresh.GetValueOrDefault(eventId), eventId));
            if (arrivals[^1] == Arrival.New)
            {
                fresh.Add(eventId, draft);
            }
        }

        if (skipConflicts || !arrivals.Contains(Arrival.Conflict))
        {
            foreach (var (draft, _) in drafts.Zip(arrivals).Where(pair => pair.Second == Arrival.New))
            {
                sql.Append(draft);
            }
        }

        return arrivals;
    }

    /// <summary>Recomputes the whole chain.</summary>
    public async Task<JournalVerdict> VerifyAsync(CancellationToken cancellationToken)
    {
        using var check = new ChainCheck(JournalHead.Genesis);
        return await FollowAsync(check, cancellationToken);
    }

    /// <summary>Recomputes the whole chain and the tree over it.</summary>
    /// <param name="checkpoint">What the journal is to hold unchanged; null when that is not asked.</param>
    /// <param name="readsTree">True to compare the tree as it is kept, too.</param>
    public async Task<JournalVerdict> VerifyAsync(Checkpoint? checkpoint, bool readsTree, CancellationToken cancellationToken)
    {
        using var check = new ChainCheck(checkpoint);
        var verdict = await FollowAsync(check, cancellationToken);
        var fault = verdict.Reason
            ?? check.Contradiction("The journal")
            ?? (readsTree ? await database.ReadAsync(sql => JournalTree.FindFaultAsync(sql, check.Tree), cancellationToken) : null);
        return verdict with { Valid = fault is null, Reason = fault };
    }

    private async Task<JournalVerdict> FollowAsync(ChainCheck check, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (count, fault) = await database.ReadAsync(sql => JournalStore.FollowAsync(sql, check, PageSize), cancellationToken);
            if (fault is not null || count == 0)
            {
                return new JournalVerdict(fault is null, check.Head.Sequence, check.Head.Hash, fault is null ? null : check.Head.Sequence + 1, fault);
            }
        }
    }

    /// <summary>Empties every projection and replays the journal into them, in one transaction.</summary>
    /// <returns>How many events were replayed.</returns>
    /// <exception cref="OperationCanceledException">The token fired; every projection is as it was.</exception>
    public Task<long> RebuildAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(sql => ReplayAsync(sql, cancellationToken), cancellationToken);

    /// <summary>Fills an empty journal with the links of another, verbatim, and its projections with what follows from them, in one transaction.</summary>
    /// <param name="links">Gives the links, checked, from the first on; may be asked again.</param>
    /// <param name="others">Bring back what is no projection.</param>
    /// <exception cref="JournalFileException">The links end in a broken one; nothing was kept.</exception>
    internal Task<long> RestoreAsync(Func<IEnumerable<EventRow>> links, IReadOnlyList<IRestore> others, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var restored = 0L;
            sql.AsksFirst = true;
            foreach (var page in links().Chunk(PageSize))
            {
                var events = page.Select(EventChain.Read).ToList();
                await JournalStore.InsertAsync(sql, events);
                await ProjectAsync(sql, events);
                foreach (var other in others)
                {
                    await other.RestoreAsync(sql, events);
                }

                restored += events.Count;
            }

            return restored;
        },
        cancellationToken);

    /// <remarks>The first group that appends reads the head itself: before it there may be no table.</remarks>
    async Task ICommitParticipant.HearAtTurnAsync(SqlSession session)
    {
        var left = head;
        head = left is null ? null : await JournalStore.HeadAsync(session);
        session.HeadStood = left is not null && left == head;
    }

    async Task ICommitParticipant.BeforeCommitAsync(SqlSession session)
    {
        pending.Clear();
        if (session.Drafts.Count == 0)
        {
            return;
        }

        var at = head ?? await JournalStore.HeadAsync(session);
        foreach (var draft in session.Drafts)
        {
            var link = EventChain.Link(Complete(draft), at, buffer);
            pending.Add(link);
            at = new JournalHead(link.Sequence, link.Hash);
        }

        await JournalStore.InsertAsync(session, pending);
        await ProjectAsync(session, pending);
        session.Sequence = at.Sequence;
        session.Tell(Appends);
    }

    /// <remarks>The place of its first event in the chain was free: either it stands there, or it is still free, or another has it and it never will.</remarks>
    async Task<bool> ICommitParticipant.WasKeptAsync(SqlSession session) =>
        await JournalStore.FindAsync(session, pending[0].Sequence) is { } row && row.Hash == pending[0].Hash;

    void ICommitParticipant.Committed()
    {
        if (pending.Count == 0)
        {
            return;
        }

        // Only one process holds the embedded database; where other hosts move the head it is read anew at each turn.
        head = new JournalHead(pending[^1].Sequence, pending[^1].Hash);
        appended.Pulse();
        foreach (var listener in listeners)
        {
            listener(pending);
        }
    }

    /// <param name="waiting">The draft of the same id that waits for this commit already, or null.</param>
    private static async Task<Arrival> ArrivalAsync(SqlSession sql, EventDraft draft, EventDraft? waiting, string eventId)
    {
        if (waiting is not null)
        {
            var scratch = new ArrayBufferWriter<byte>(1024);
            return EventChain.Link(draft, JournalHead.Genesis, scratch).Hash == EventChain.Link(waiting, JournalHead.Genesis, scratch).Hash
                ? Arrival.Known
                : Arrival.Conflict;
        }

        return await JournalStore.FindAsync(sql, eventId) switch
        {
            null => Arrival.New,
            var row => EventChain.IsSame(draft, row) ? Arrival.Known : Arrival.Conflict,
        };
    }

    private EventDraft Complete(EventDraft draft) => draft with
    {
        EventId = draft.EventId ?? ids.NewEventId(),
        Timestamp = draft.Timestamp ?? clock.GetUtcNow(),
    };

    private async Task ProjectAsync(SqlSession session, IReadOnlyList<JournalEvent> events)
    {
        var own = events.Any(link => link.Target is not null) ? [.. events.Where(link => link.Target is null)] : events;
        foreach (var projection in projections)
        {
            await projection.ApplyAsync(session, projection.TakesOthers ? events : own);
        }
    }

    private async Task<long> ReplayAsync(SqlSession sql, CancellationToken cancellationToken)
    {
        sql.AsksFirst = true;
        foreach (var projection in projections)
        {
            await projection.ResetAsync(sql);
        }

        var sequence = 0L;
        while (await JournalStore.ListAfterAsync(sql, sequence, PageSize) is { Count: > 0 } rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await ProjectAsync(sql, [.. rows.Select(EventChain.Read)]);
            sequence = rows[^1].Sequence;
        }

        return sequence;
    }
}
