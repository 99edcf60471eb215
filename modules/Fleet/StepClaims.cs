using Microsoft.Extensions.Options;
using Refinery.Contract;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Hands out the right to run: candidates from the queue backend first, then the next due rows in SQL.</summary>
/// <remarks>The right itself comes from one conditional update that raises the step's fence. Source: docs/spec/fleet-q.md.</remarks>
internal sealed class StepClaims(
    Database database, DispatchQueue queue, StepChanges changes, StepEndings endings, StepCounters counters, Pauses pauses, WaitingClaims waiting, ClaimBells bells, IOptions<FleetOptions> options, TimeProvider clock) : IDisposable
{
    /// <summary>Delayed steps and those of other hosts ring no bell here; this is how long they may go unseen.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>As many as one claim may ask for: a backend is made for no more at once.</summary>
    private const int MostTaken = 1000;

    /// <summary>Who takes candidates from the queue has its unit lined up before the next one takes: so claims are written in the order of calling.</summary>
    private readonly SemaphoreSlim turn = new(1, 1);

    private readonly List<LinedUp> gathered = [];

    private SharedWork<Offered, IReadOnlyList<IReadOnlyList<StepRow>>> Claims => field ??= new(ClaimAllAsync);

    private SharedWork<IReadOnlyList<Holder>, IReadOnlyList<DateTimeOffset?>> Renewals => field ??= new(RenewAsync);

    /// <summary>Claims up to <see cref="ClaimRequest.Max"/> steps, waiting for a first one as long as asked.</summary>
    /// <returns>The steps claimed; empty after the wait.</returns>
    public async Task<IReadOnlyList<StepRow>> ClaimAsync(ClaimRequest request, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            var bell = queue.Ready.Next;
            var claimed = await ClaimNowAsync(request, cancellationToken);
            var left = wait - clock.GetElapsedTime(start);
            if (claimed.Count > 0 || left <= TimeSpan.Zero)
            {
                return claimed;
            }

            if (await WaitAsync(request, left < Glance ? left : Glance, bell, cancellationToken) is { Count: > 0 } handed)
            {
                return handed;
            }
        }
    }

    /// <summary>Waits until there may be something to claim: a submission that comes meanwhile makes the claim itself.</summary>
    /// <param name="bell">Taken before the claim that found nothing; ends the waiting.</param>
    /// <returns>What a submission claimed; empty when it is to be claimed again.</returns>
    public async Task<IReadOnlyList<StepRow>> WaitAsync(ClaimRequest request, TimeSpan longest, Task bell, CancellationToken cancellationToken)
    {
        var claim = waiting.Enter(request);
        await ((Task)Task.WhenAny(bell, claim.Made).WaitAsync(longest, clock, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (waiting.Leave(claim))
        {
            // Ends with it what hangs on the bell, which may not ring for days.
            claim.Answer([]);
        }

        var made = await claim.Made;
        await KeepAsync(made, cancellationToken);
        return made;
    }

    /// <summary>Begins to make claims of the next due steps as part of a unit, as <see cref="ClaimRound.AskAhead"/> says.</summary>
    /// <param name="isIdle">As for <see cref="ClaimRound.AskAhead"/>.</param>
    public ClaimRound Begin(SqlSession sql, IReadOnlyList<ClaimRequest> requests, bool isIdle)
    {
        var round = new ClaimRound(sql, counters, NewLease, requests);
        round.AskAhead(isIdle);
        return round;
    }

    /// <summary>Ends the part of a unit that made claims.</summary>
    /// <returns>What each has claimed, in their order.</returns>
    public IReadOnlyList<IReadOnlyList<StepRow>> End(SqlSession sql, ClaimRound round)
    {
        round.Tell();
        sql.AfterCommit(() => queue.PutAside(round.Left));
        return round.Claimed;
    }

    public void Dispose() => turn.Dispose();

    /// <summary>Claims up to <see cref="ClaimRequest.Max"/> of these steps, in their order and whatever their types, as far as they are due.</summary>
    public async Task<IReadOnlyList<StepRow>> ClaimOfAsync(IReadOnlyList<string> stepIds, ClaimRequest request, CancellationToken cancellationToken)
    {
        var claimed = await database.WriteAsync(
            async sql =>
            {
                var round = new ClaimRound(sql, counters, NewLease, [request]);
                await round.RunAsync(stepIds);
                return End(sql, round)[0];
            },
            cancellationToken);
        await KeepAsync(claimed, cancellationToken);
        return claimed;
    }

    /// <summary>Marks a claimed step as running.</summary>
    /// <returns>The step, or null when the claim is no longer the holder's.</returns>
    public Task<StepRow?> StartAsync(Holder holder, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            if (await StepChanges.FindHeldAsync(sql, holder) is not { Status: Status.Claimed } claim)
            {
                return null;
            }

            var lease = NewLease();
            var row = claim with { Status = Status.Running, LeaseUntil = lease.Until, UpdatedAt = lease.Now };
            await changes.MakeAsync(sql, claim, row);
            sql.Append(StepEvents.Started(row));
            return row;
        },
        cancellationToken);

    /// <summary>Prolongs one lease, and waits until the step is cancelled or the time is up: at most half of the lease, so that the next renewal comes in time.</summary>
    /// <returns>The new end of the lease, or null when the claim is no longer the holder's.</returns>
    public async Task<DateTimeOffset?> RenewAsync(Holder holder, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var bell = bells.Hang(holder);
        if (await database.WriteAsync(Renewals, [holder], cancellationToken) is not [{ } until])
        {
            return null;
        }

        var longest = options.Value.Lease / 2;
        return await bell.RingsWithinAsync(wait < longest ? wait : longest, cancellationToken) ? null : until;
    }

    /// <summary>Prolongs the leases of what a pod is running; what it does not run any more is left to run out.</summary>
    /// <returns>Those that are no longer the pod's.</returns>
    public async Task<IReadOnlyList<Holder>> RenewAsync(IReadOnlyList<Holder> holders, CancellationToken cancellationToken)
    {
        var renewed = await database.WriteAsync(Renewals, holders, cancellationToken);
        return [.. holders.Where((_, number) => renewed[number] is null)];
    }

    /// <summary>Those of the steps that the pod does not hold, whatever became of them, and those that were cancelled lately while it held them.</summary>
    /// <remarks>Lately: for as long as a pod may be silent and live, so that it hears of each at one beat at least.</remarks>
    public Task<IReadOnlyList<string>> ListLostAsync(string podId, IReadOnlyList<string> stepIds, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<string>>(
            async sql =>
            {
                var lost = new List<string>();
                foreach (var stepId in stepIds)
                {
                    var row = await StepStore.FindAsync(sql, stepId);
                    if (row is not { Status: Status.Claimed or Status.Running } || row.ClaimedBy != podId)
                    {
                        lost.Add(stepId);
                    }
                }

                var silence = options.Value.DeadAfter + options.Value.Lease;
                return [.. lost.Union(await StepStore.ListCancelledAsync(sql, podId, clock.GetUtcNow() - silence), StringComparer.Ordinal)];
            },
            cancellationToken);

    /// <summary>True when the step was cancelled and nobody has claimed it since the holder.</summary>
    public async Task<bool> IsCancelledAsync(Holder holder, CancellationToken cancellationToken) =>
        await database.ReadAsync(sql => StepChanges.IsCancelledAsync(sql, holder), cancellationToken);

    /// <summary>Claims what there is now; empty when there is nothing.</summary>
    public async Task<IReadOnlyList<StepRow>> ClaimNowAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        if (!request.Types.Any(type => counters.Of(type, Status.Pending) > 0))
        {
            return [];
        }

        var mine = new LinedUp(request, await pauses.OpenAsync(request.Types, cancellationToken), cancellationToken);
        await LineUpAsync(mine);
        var claimed = await mine.Claimed;
        await KeepAsync(claimed, cancellationToken);
        return claimed;
    }

    /// <summary>Lines a claim up to be written, and with it those that wait for the same: what the queue offers for them is taken at once.</summary>
    /// <remarks>Not cancellable, since others' claims go with it; the queue answers within a second or counts as away.</remarks>
    private async Task LineUpAsync(LinedUp mine)
    {
        lock (gathered)
        {
            gathered.Add(mine);
        }

        await turn.WaitAsync();
        try
        {
            if (!mine.IsTaken && TakeGathered(mine) is { Count: > 0 } together)
            {
                _ = AnswerAsync(together, await WriteAsync(together));
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>A claim and those behind it that want the same types, as many as one claim may ask for; each of the others takes its own turn.</summary>
    private List<LinedUp> TakeGathered(LinedUp first)
    {
        lock (gathered)
        {
            gathered.RemoveAll(one => one.IsLeft());
            var together = new List<LinedUp>();
            var room = MostTaken;
            foreach (var one in gathered.Where(one => one.Open.SetEquals(first.Open)).OrderBy(one => one == first ? 0 : 1))
            {
                if (one == first || one.Request.Max <= room)
                {
                    together.Add(one);
                    room -= one.Request.Max;
                }
            }

            together.ForEach(one => one.IsTaken = true);
            gathered.RemoveAll(one => one.IsTaken);
            return together;
        }
    }

    /// <returns>Ends when the claims are lined up to be written; its result when they are.</returns>
    private async Task<Task<IReadOnlyList<IReadOnlyList<StepRow>>>> WriteAsync(List<LinedUp> together)
    {
        try
        {
            var offered = together is [{ Open.Count: > 0 } any, ..] ? await queue.TakeAsync(any.Open, together.Sum(one => one.Request.Max), CancellationToken.None) : [];
            return database.WriteAsync(Claims, new Offered([.. together.Select(one => one.Request)], offered), CancellationToken.None);
        }
        catch (Exception fault)
        {
            // Each of those who wait is told.
            return Task.FromException<IReadOnlyList<IReadOnlyList<StepRow>>>(fault);
        }
    }

    /// <summary>Makes the claims of a group at once.</summary>
    private async Task<IReadOnlyList<IReadOnlyList<IReadOnlyList<StepRow>>>> ClaimAllAsync(SqlSession sql, IReadOnlyList<Offered> all)
    {
        var claimed = new Queue<IReadOnlyList<StepRow>>(await ClaimAsync(sql, [.. all.SelectMany(one => one.Requests)], [.. all.SelectMany(one => one.Items)]));
        return [.. all.Select(one => one.Requests.Select(_ => claimed.Dequeue()).ToList())];
    }

    private static async Task AnswerAsync(List<LinedUp> together, Task<IReadOnlyList<IReadOnlyList<StepRow>>> unit)
    {
        await ((Task)unit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (var number = 0; number < together.Count; number++)
        {
            together[number].Answer(unit, number);
        }
    }

    /// <summary>Gives back at once what was claimed for a caller who left meanwhile: nobody would run it, and the end of its lease would cost a retry.</summary>
    private async Task KeepAsync(IReadOnlyList<StepRow> claimed, CancellationToken cancellationToken)
    {
        if (claimed.Count > 0 && cancellationToken.IsCancellationRequested)
        {
            await endings.ReleaseAsync(claimed, "Whoever asked for the step had left.", CancellationToken.None);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<IReadOnlyList<IReadOnlyList<StepRow>>> ClaimAsync(SqlSession sql, IReadOnlyList<ClaimRequest> requests, IReadOnlyList<QueueItem> offered)
    {
        var round = new ClaimRound(sql, counters, NewLease, requests);
        await round.RunAsync(offered);
        return End(sql, round);
    }

    /// <returns>The new ends of each caller's leases; null where the claim is no longer the holder's.</returns>
    private async Task<IReadOnlyList<IReadOnlyList<DateTimeOffset?>>> RenewAsync(SqlSession sql, IReadOnlyList<IReadOnlyList<Holder>> all)
    {
        await sql.TurnAsync();
        var lease = NewLease();
        var renewed = (await StepStore.RenewAsync(sql, [.. all.SelectMany(holders => holders).Distinct().Select(lease.Of)])).ToHashSet();
        return [.. all.Select(holders => holders.Select(holder => renewed.Contains(holder) ? lease.Until : (DateTimeOffset?)null).ToList())];
    }

    private Lease NewLease()
    {
        var now = Instant.Truncate(clock.GetUtcNow());
        return new Lease(now, now + options.Value.Lease);
    }

    /// <summary>Claims that go together, and what the queue offers for them.</summary>
    private sealed record Offered(IReadOnlyList<ClaimRequest> Requests, IReadOnlyList<QueueItem> Items);
}
