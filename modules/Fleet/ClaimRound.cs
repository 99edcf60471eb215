using System.Collections.Frozen;
using Refinery.Contract;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The claims of one group, made together: the candidates are handed out in the order of the claims and written at once.</summary>
internal sealed class ClaimRound
{
    private readonly SqlSession sql;
    private readonly StepCounters counters;
    private readonly Func<Lease> newLease;
    private readonly IReadOnlyList<Share> shares;
    private Dictionary<string, StepRow> fresh = [];
    private Asked? ahead;

    /// <summary>Begins a round.</summary>
    /// <param name="newLease">Asked again when claims are written: until then others may have held the turn.</param>
    public ClaimRound(SqlSession sql, StepCounters counters, Func<Lease> newLease, IReadOnlyList<ClaimRequest> requests)
    {
        (this.sql, this.counters, this.newLease) = (sql, counters, newLease);
        shares = [.. requests.Select(request => new Share(request))];
    }

    /// <summary>What the queue offered and nobody took.</summary>
    public IReadOnlyList<QueueItem> Left { get; private set; } = [];

    /// <summary>The steps of each claim, in their order.</summary>
    public IReadOnlyList<IReadOnlyList<StepRow>> Claimed => [.. shares.Select(share => share.Rows)];

    /// <summary>Hands out what the queue offers, in the order of calling, and in their places among it those whose instant has come; then the next rows in line.</summary>
    /// <remarks>Nobody is given a type that is paused.</remarks>
    public async Task RunAsync(IReadOnlyList<QueueItem> offered)
    {
        var turns = new Turns(sql);
        await FinishAsync(await sql.TogetherAsync(() => Ask(asksDue: offered.Count == 0)), offered, turns);
        await turns.KeepAsync();
    }

    /// <summary>Begins a round of the next rows in line. What it asks goes along with what the unit asks next.</summary>
    /// <param name="isIdle">True where it is believed that nothing waits and that what comes is not paused: nothing is asked then.</param>
    public void AskAhead(bool isIdle) => ahead = isIdle ? Asked.Nothing : sql.AskAhead(() => Ask(asksDue: true));

    /// <summary>Goes on with a round that asked ahead.</summary>
    /// <param name="steps">Those that the unit is about to store and that are due: nothing is asked for them, and what was claimed of them is to be stored as it is then.</param>
    /// <param name="turns">By which they have their places; to be kept after this.</param>
    public async Task GoOnAsync(IEnumerable<StepRow> steps, Turns turns)
    {
        fresh = steps.ToDictionary(row => row.StepId, StringComparer.Ordinal);
        await sql.TurnAsync();
        await FinishAsync(ahead ?? throw new InvalidOperationException("The round has asked nothing ahead."), offered: [], turns);
    }

    /// <summary>Hands out steps that were asked for by their ids, whatever their types, as far as they are due.</summary>
    public async Task RunAsync(IReadOnlyList<string> stepIds)
    {
        await sql.TurnAsync();
        await HandOutAsync([.. stepIds.Distinct(StringComparer.Ordinal)], stepId => stepId, _ => null);
    }

    /// <summary>Tells the journal and the counts what was claimed. Called after the events that make the new steps.</summary>
    public void Tell()
    {
        counters.MoveAfter(sql, shares.SelectMany(share => share.Rows), Status.Pending);
        foreach (var row in shares.SelectMany(share => share.Rows))
        {
            sql.Append(StepEvents.Claimed(row));
            if (row.Status == Status.Running)
            {
                sql.Append(StepEvents.Started(row));
            }
        }
    }

    /// <param name="asksDue">True where the queue offers nothing: then what is in line is mostly what is handed out.</param>
    private Asked Ask(bool asksDue)
    {
        var wanted = shares.SelectMany(share => share.Types).Distinct(StringComparer.Ordinal).ToList();
        var now = newLease().Now;
        return new Asked(
            PausedTypeStore.ListAsync(sql),
            [.. wanted.Select(type => (type, StepStore.ListRipeAsync(sql, type, now)))],
            asksDue ? ListDueAsync() : null);
    }

    private async Task FinishAsync(Asked asked, IReadOnlyList<QueueItem> offered, Turns turns)
    {
        var paused = (await asked.Paused).Select(one => one.Type).ToHashSet(StringComparer.Ordinal);
        foreach (var share in shares)
        {
            share.Leave(paused);
        }

        var ripe = new List<QueueItem>();
        foreach (var (type, steps) in asked.Ripe)
        {
            ripe.AddRange(await turns.JoinAsync(type, await steps));
        }

        if (asked.Due is { } due)
        {
            await HandOutLineAsync(await due, ripe);
        }
        else
        {
            await HandOutOfferedAsync(offered, ripe);
        }
    }

    /// <summary>Hands out of all that is due the first in line, wherever it has come from.</summary>
    private async Task HandOutLineAsync(IEnumerable<Candidate> due, List<QueueItem> ripe)
    {
        var others = due.Concat(ripe.Select(Candidate.Of)).Where(one => !fresh.ContainsKey(one.StepId));
        var own = fresh.Values.Select(row => Candidate.Of(Steps.Item(row)));
        var left = await HandOutAsync(InOrder(others.Concat(own)), one => one.StepId, one => one.Type);
        Left = [.. ripe.IntersectBy(left.Select(one => one.StepId), item => item.StepId, StringComparer.Ordinal)];
    }

    /// <summary>Hands out what the queue offers, with what is ripe in its place among it, and then what is in line.</summary>
    private async Task HandOutOfferedAsync(IReadOnlyList<QueueItem> offered, List<QueueItem> ripe)
    {
        // What was paused since it was offered is left out, and is reached from SQL once it is resumed.
        var types = shares.SelectMany(share => share.Types).ToHashSet(StringComparer.Ordinal);
        var candidates = offered.Where(item => types.Contains(item.Type)).Concat(ripe);
        if (ripe.Count > 0)
        {
            candidates = candidates.OrderByDescending(item => item.Priority).ThenBy(item => item.Rank).ThenBy(item => item.StepId, StringComparer.Ordinal);
        }

        Left = await HandOutAsync([.. candidates.DistinctBy(item => item.StepId, StringComparer.Ordinal)], item => item.StepId, item => item.Type);
        await HandOutAsync(InOrder(await await sql.TogetherAsync(ListDueAsync)), one => one.StepId, one => one.Type);
    }

    /// <summary>Gives to each claim the first candidates that it takes; those that turn out to be gone are made up for by the next.</summary>
    /// <param name="typeOf">Null for one that suits every claim.</param>
    /// <returns>The candidates that nobody took.</returns>
    private async Task<List<T>> HandOutAsync<T>(List<T> candidates, Func<T, string> idOf, Func<T, string?> typeOf)
    {
        while (Choose(candidates, idOf, typeOf) is { Count: > 0 } chosen)
        {
            candidates.RemoveAll(candidate => chosen.ContainsKey(idOf(candidate)));
            await ClaimAsync(chosen);
        }

        return candidates;
    }

    /// <summary>Which claim gets which candidate: the first that still wants one and takes its type.</summary>
    private Dictionary<string, Share> Choose<T>(List<T> candidates, Func<T, string> idOf, Func<T, string?> typeOf)
    {
        var chosen = new Dictionary<string, Share>(StringComparer.Ordinal);
        var hungry = shares.Where(share => share.Wanted > 0).Select(share => (Share: share, share.Wanted)).ToList();
        foreach (var candidate in candidates)
        {
            if (hungry.FindIndex(one => one.Share.Takes(typeOf(candidate))) is >= 0 and var place)
            {
                var (share, wanted) = hungry[place];
                chosen.Add(idOf(candidate), share);
                hungry[place] = (share, wanted - 1);
                hungry.RemoveAll(one => one.Wanted == 0);
            }
        }

        return chosen;
    }

    private async Task ClaimAsync(Dictionary<string, Share> chosen)
    {
        var lease = newLease();
        var claims = chosen.Select(one => one.Value.Claiming(one.Key, lease)).ToLookup(claim => fresh.ContainsKey(claim.StepId));
        var rows = await StepStore.ClaimAsync(sql, [.. claims[false]]);
        var claimed = rows.Concat(claims[true].Select(claim => claim.Of(fresh[claim.StepId]))).ToDictionary(row => row.StepId, StringComparer.Ordinal);
        foreach (var (stepId, share) in chosen)
        {
            if (claimed.GetValueOrDefault(stepId) is { } row)
            {
                share.Rows.Add(row);
            }
        }
    }

    /// <summary>The next rows in line for those who want more.</summary>
    private async Task<IReadOnlyList<Candidate>> ListDueAsync()
    {
        var hungry = shares.Where(share => share.Wanted > 0).ToList();
        var due = await Task.WhenAll(hungry.SelectMany(share => share.Types).Distinct(StringComparer.Ordinal).Select(async type =>
        {
            var most = hungry.Where(share => share.Takes(type)).Sum(share => share.Wanted);
            return await StepStore.ListReadyAsync(sql, type, most);
        }));
        return [.. due.SelectMany(one => one)];
    }

    private static List<Candidate> InOrder(IEnumerable<Candidate> due) =>
        [.. due.OrderByDescending(one => one.Priority).ThenBy(one => one.Rank).ThenBy(one => one.StepId, StringComparer.Ordinal)];

    /// <summary>What a round must know.</summary>
    /// <param name="Due">Null when it is not asked.</param>
    private sealed record Asked(
        Task<IReadOnlyList<PausedType>> Paused, IReadOnlyList<(string Type, Task<IReadOnlyList<RipeStep>> Steps)> Ripe, Task<IReadOnlyList<Candidate>>? Due)
    {
        public static Asked Nothing { get; } = new(Task.FromResult<IReadOnlyList<PausedType>>([]), [], Task.FromResult<IReadOnlyList<Candidate>>([]));
    }

    /// <summary>One claim and what it has got.</summary>
    private sealed class Share(ClaimRequest request)
    {
        public FrozenSet<string> Types { get; private set; } = request.Types;

        public List<StepRow> Rows { get; } = [];

        public int Wanted => request.Max - Rows.Count;

        public bool Takes(string? type) => type is null || Types.Contains(type);

        public void Leave(HashSet<string> paused) => Types = Pauses.Without(paused, Types);

        public Claiming Claiming(string stepId, Lease lease) =>
            new(stepId, request.PodId, request.Start ? Status.Running : Status.Claimed, lease.Now, lease.Until);
    }
}
