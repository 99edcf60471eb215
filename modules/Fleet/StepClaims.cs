using System.Collections.Frozen;
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

    /// <summary>Who takes candidates from the queue has its unit lined up before the next one takes: so claims are written in the order of calling.</summary>
    private readonly SemaphoreSlim turn = new(1, 1);

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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(bell, claim.Made, Task.Delay(longest, clock, stop.Token));
        await stop.CancelAsync();
        var made = waiting.Leave(claim) ? [] : await claim.Made;
        await KeepAsync(made, cancellationToken);
        return made;
    }

    /// <summary>Makes a claim as part of a unit: the next due steps.</summary>
    public Task<IReadOnlyList<StepRow>> ClaimDueAsync(SqlSession sql, ClaimRequest request) => ClaimAsync(sql, request, offered: []);

    public void Dispose() => turn.Dispose();

    /// <summary>Claims up to <see cref="ClaimRequest.Max"/> of these steps, in their order and whatever their types, as far as they are due.</summary>
    public async Task<IReadOnlyList<StepRow>> ClaimOfAsync(IReadOnlyList<string> stepIds, ClaimRequest request, CancellationToken cancellationToken)
    {
        var claimed = await database.WriteAsync(sql => ClaimEachAsync(sql, request, NewLease(request.PodId), stepIds), cancellationToken);
        await KeepAsync(claimed, cancellationToken);
        return claimed;
    }

    /// <summary>Marks a claimed step as running.</summary>
    /// <returns>The step, or null when the claim is no longer the holder's.</returns>
    public Task<StepRow?> StartAsync(Holder holder, CancellationToken cancellationToken) => database.WriteAsync(
        async sql =>
        {
            var lease = NewLease(holder.PodId);
            if (await StepChanges.FindHeldAsync(sql, holder) is not { Status: Status.Claimed } claim
                || await changes.MakeAsync(sql, claim, claim with { Status = Status.Running, LeaseUntil = lease.Until, UpdatedAt = lease.Now }) is not { } row)
            {
                return null;
            }

            sql.Append(StepEvents.Started(row));
            return row;
        },
        cancellationToken);

    /// <summary>Prolongs one lease, and waits until the step is cancelled or the time is up: at most half of the lease, so that the next renewal comes in time.</summary>
    /// <returns>The new end of the lease, or null when the claim is no longer the holder's.</returns>
    public async Task<DateTimeOffset?> RenewAsync(Holder holder, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var bell = bells.Hang(holder);
        var until = NewLease(holder.PodId).Until;
        if (await database.WriteAsync(sql => StepStore.RenewAsync(sql, holder, until), cancellationToken) == 0)
        {
            return null;
        }

        var longest = options.Value.Lease / 2;
        return await bell.RingsWithinAsync(wait < longest ? wait : longest, cancellationToken) ? null : until;
    }

    /// <summary>Prolongs the leases of what a pod is running; what it does not run any more is left to run out.</summary>
    /// <returns>Those that are no longer the pod's.</returns>
    public Task<IReadOnlyList<Holder>> RenewAsync(IReadOnlyList<Holder> holders, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<Holder>>(
            async sql =>
            {
                var lost = new List<Holder>();
                foreach (var holder in holders)
                {
                    if (await StepStore.RenewAsync(sql, holder, NewLease(holder.PodId).Until) == 0)
                    {
                        lost.Add(holder);
                    }
                }

                return lost;
            },
            cancellationToken);

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

        var open = await pauses.OpenAsync(request.Types, cancellationToken);
        var claimed = await await LineUpAsync(request, open, cancellationToken);
        await KeepAsync(claimed, cancellationToken);
        return claimed;
    }

    /// <returns>Ends when the claim is lined up to be written; its result when it is.</returns>
    private async Task<Task<IReadOnlyList<StepRow>>> LineUpAsync(ClaimRequest request, FrozenSet<string> open, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            var offered = await queue.TakeAsync(open, request.Max, cancellationToken);
            return database.WriteAsync(sql => ClaimAsync(sql, request, offered), cancellationToken);
        }
        finally
        {
            turn.Release();
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

    private async Task<IReadOnlyList<StepRow>> ClaimAsync(SqlSession sql, ClaimRequest request, IReadOnlyList<QueueItem> offered)
    {
        // What was paused since it was offered is left out, and is reached from SQL once it is resumed.
        var open = request with { Types = await Pauses.OpenAsync(sql, request.Types) };
        var lease = NewLease(request.PodId);
        var candidates = await CandidatesAsync(sql, open, lease.Now, offered);
        var claimed = await ClaimEachAsync(sql, open, lease, [.. candidates.Select(item => item.StepId)]);
        if (claimed.Count < request.Max)
        {
            claimed.AddRange(await ClaimEachAsync(sql, open, lease, await DueAsync(sql, open, request.Max - claimed.Count)));
        }

        var left = candidates.Skip(request.Max).ToList();
        sql.AfterCommit(() => queue.PutAside(left));
        return claimed;
    }

    /// <summary>What the queue offers, and in their places among it those whose instant has come.</summary>
    private static async Task<IReadOnlyList<QueueItem>> CandidatesAsync(SqlSession sql, ClaimRequest request, DateTimeOffset now, IReadOnlyList<QueueItem> offered)
    {
        var candidates = offered.Where(item => request.Types.Contains(item.Type)).ToList();
        var inOrder = candidates.Count;
        foreach (var type in request.Types)
        {
            candidates.AddRange(await StepStore.RipenAsync(sql, type, now));
        }

        return candidates.Count == inOrder ? candidates : [.. candidates.OrderByDescending(item => item.Priority).ThenBy(item => item.Rank).ThenBy(item => item.StepId, StringComparer.Ordinal)];
    }

    /// <summary>Claims those that can be had, at most as many as asked for.</summary>
    private async Task<List<StepRow>> ClaimEachAsync(SqlSession sql, ClaimRequest request, Lease lease, IReadOnlyList<string> stepIds)
    {
        var claimed = new List<StepRow>();
        foreach (var stepId in stepIds.TakeWhile(_ => claimed.Count < request.Max))
        {
            if (await ClaimAsync(sql, stepId, lease, request.Start ? Status.Running : Status.Claimed) is not { } row)
            {
                continue;
            }

            sql.Append(StepEvents.Claimed(row));
            if (request.Start)
            {
                sql.Append(StepEvents.Started(row));
            }

            claimed.Add(row);
        }

        return claimed;
    }

    /// <summary>Gives a step to a pod; null when it is not waiting or not due.</summary>
    private async Task<StepRow?> ClaimAsync(SqlSession sql, string stepId, Lease lease, string status) =>
        await StepStore.FindAsync(sql, stepId) is { Status: Status.Pending } waiting && (waiting.NotBefore ?? lease.Now) <= lease.Now
            ? await changes.MakeAsync(sql, waiting, waiting with
            {
                Status = status,
                ClaimedBy = lease.PodId,
                Fence = waiting.Fence + 1,
                Attempts = waiting.Attempts + 1,
                LeaseUntil = lease.Until,
                NotBefore = null,
                UpdatedAt = lease.Now,
            })
            : null;

    /// <summary>The next rows in line over all types asked for.</summary>
    private static async Task<IReadOnlyList<string>> DueAsync(SqlSession sql, ClaimRequest request, int max)
    {
        var due = new List<Candidate>();
        foreach (var type in request.Types)
        {
            due.AddRange(await StepStore.ListReadyAsync(sql, type, max));
        }

        return [.. due.OrderByDescending(row => row.Priority).ThenBy(row => row.Rank).Take(max).Select(row => row.StepId)];
    }

    private Lease NewLease(string podId)
    {
        var now = Instant.Truncate(clock.GetUtcNow());
        return new Lease(podId, now, now + options.Value.Lease);
    }
}

/// <summary>What a pod asks for.</summary>
/// <param name="Types">The step types it serves.</param>
/// <param name="Max">At least 1.</param>
/// <param name="Start">True when it starts them in the same breath.</param>
internal sealed record ClaimRequest(string PodId, FrozenSet<string> Types, int Max, bool Start);
