using System.Collections.Frozen;
using Refinery.Contract;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The claims of one group, made together: the candidates are handed out in the order of the claims and written at once.</summary>
internal sealed class ClaimRound
{
    private readonly SqlSession sql;
    private readonly StepCounters counters;
    private readonly DateTimeOffset now;
    private readonly IReadOnlyList<Share> shares;

    private ClaimRound(SqlSession sql, StepCounters counters, DateTimeOffset now, IReadOnlyList<Share> shares)
    {
        this.sql = sql;
        this.counters = counters;
        this.now = now;
        this.shares = shares;
    }

    /// <summary>What the queue offered and nobody took.</summary>
    public IReadOnlyList<QueueItem> Left { get; private set; } = [];

    /// <summary>The steps of each claim, in their order.</summary>
    public IReadOnlyList<IReadOnlyList<StepRow>> Claimed => [.. shares.Select(share => share.Rows)];

    /// <summary>Begins a round of claims for the types that are not paused.</summary>
    public static async Task<ClaimRound> BeginAsync(SqlSession sql, StepCounters counters, Lease lease, IReadOnlyList<ClaimRequest> requests)
    {
        var paused = (await PausedTypeStore.ListAsync(sql)).Select(one => one.Type).ToHashSet(StringComparer.Ordinal);
        return new ClaimRound(sql, counters, lease.Now, [.. requests.Select(request => new Share(request, lease.Until, Pauses.Without(paused, request.Types)))]);
    }

    /// <summary>Hands out what the queue offers, in the order of calling, and in their places among it those whose instant has come; then the next rows in line.</summary>
    public async Task RunAsync(IReadOnlyList<QueueItem> offered)
    {
        // What was paused since it was offered is left out, and is reached from SQL once it is resumed.
        var types = shares.SelectMany(share => share.Types).ToHashSet(StringComparer.Ordinal);
        var candidates = offered.Where(item => types.Contains(item.Type)).ToList();
        var inOrder = candidates.Count;
        foreach (var type in types)
        {
            candidates.AddRange(await StepStore.RipenAsync(sql, type, now));
        }

        if (candidates.Count > inOrder)
        {
            candidates = [.. candidates.OrderByDescending(item => item.Priority).ThenBy(item => item.Rank).ThenBy(item => item.StepId, StringComparer.Ordinal)];
        }

        Left = [.. await HandOutAsync([.. candidates.DistinctBy(item => item.StepId, StringComparer.Ordinal)], item => item.StepId, item => item.Type)];
        await HandOutAsync([.. await ListDueAsync()], due => due.Candidate.StepId, due => due.Type);
    }

    /// <summary>Hands out steps that were asked for by their ids, whatever their types, as far as they are due.</summary>
    public Task RunAsync(IReadOnlyList<string> stepIds) => HandOutAsync([.. stepIds.Distinct(StringComparer.Ordinal)], stepId => stepId, _ => null);

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
        var rows = await StepStore.ClaimAsync(sql, [.. chosen.Select(one => one.Value.Claiming(one.Key, now))]);
        var claimed = rows.ToDictionary(row => row.StepId, StringComparer.Ordinal);
        foreach (var (stepId, share) in chosen)
        {
            if (claimed.GetValueOrDefault(stepId) is { } row)
            {
                share.Rows.Add(row);
                Tell(row);
            }
        }
    }

    private void Tell(StepRow row)
    {
        counters.MoveAfter(sql, row, Status.Pending);
        sql.Append(StepEvents.Claimed(row));
        if (row.Status == Status.Running)
        {
            sql.Append(StepEvents.Started(row));
        }
    }

    /// <summary>The next rows in line for those who want more.</summary>
    private async Task<IEnumerable<(Candidate Candidate, string Type)>> ListDueAsync()
    {
        var due = new List<(Candidate Candidate, string Type)>();
        var hungry = shares.Where(share => share.Wanted > 0).ToList();
        foreach (var type in hungry.SelectMany(share => share.Types).Distinct(StringComparer.Ordinal))
        {
            var most = hungry.Where(share => share.Types.Contains(type)).Sum(share => share.Wanted);
            due.AddRange((await StepStore.ListReadyAsync(sql, type, most)).Select(candidate => (candidate, type)));
        }

        return due.OrderByDescending(one => one.Candidate.Priority).ThenBy(one => one.Candidate.Rank);
    }

    /// <summary>One claim and what it has got.</summary>
    private sealed class Share(ClaimRequest request, DateTimeOffset until, FrozenSet<string> types)
    {
        public FrozenSet<string> Types => types;

        public List<StepRow> Rows { get; } = [];

        public int Wanted => request.Max - Rows.Count;

        public bool Takes(string? type) => type is null || types.Contains(type);

        public Claiming Claiming(string stepId, DateTimeOffset now) =>
            new(stepId, request.PodId, request.Start ? Status.Running : Status.Claimed, now, until);
    }
}
