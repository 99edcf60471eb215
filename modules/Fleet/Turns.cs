using Refinery.Contract;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Gives the steps of one unit their ranks, so that whoever submits much keeps nobody else waiting: owners take turns.</summary>
/// <remarks>
/// Start-time fair queueing: a step joins its line (type and priority) where the line stands now, or one turn after the last
/// step of its owner, whichever is later. An empty line begins where the other lines of its priority stand, or at the age of its
/// first step when nothing waits there. Source: Goyal, Vin and Cheng, "Start-time fair queueing" (1996); docs/adr, "Owners take turns".
/// </remarks>
/// <param name="isIdle">True where it is believed that nothing waits: nothing is asked then.</param>
internal sealed class Turns(SqlSession sql, bool isIdle = false)
{
    private readonly Dictionary<Place, Turn> taken = [];

    /// <summary>Where each line stands, with the steps of this unit, which may not be stored yet; null for one that is empty.</summary>
    private readonly Dictionary<(string Type, long Priority), long?> heads = [];

    /// <summary>The rank of a step that joins its line.</summary>
    /// <param name="age">When the step was submitted.</param>
    public async ValueTask<long> NextAsync(Place place, DateTimeOffset age)
    {
        var turn = taken.TryGetValue(place, out var last) ? new Turn(last.Rank + 1) : await FirstAsync(place, age);
        taken[place] = turn;
        heads[LineOf(place)] = Math.Min(heads.GetValueOrDefault(LineOf(place)) ?? turn.Rank, turn.Rank);
        return turn.Rank;
    }

    /// <summary>The rank of a step that had its turn and comes straight back: it is the next of its line.</summary>
    public static async Task<long> BackAsync(SqlSession sql, StepRow step) =>
        Math.Max(step.Rank, (await StepStore.HeadAsync(sql, step.Type, step.Priority)).Lowest - 1 ?? Microseconds(step.CreatedAt));

    /// <summary>Keeps the turns that were taken; to be called when all steps of the unit have theirs.</summary>
    public async Task KeepAsync()
    {
        // The one step of an idle fleet bears its turn itself.
        await TurnStore.PutAsync(sql, [.. taken.Where(one => !one.Value.IsAlone).Select(one => new TurnRow(one.Key.Type, one.Key.Priority, one.Key.Owner, one.Value.Rank))]);
    }

    /// <summary>Lets steps join their line whose instant has come.</summary>
    /// <returns>Their queue items.</returns>
    public async Task<IReadOnlyList<QueueItem>> JoinAsync(string type, IReadOnlyList<RipeStep> ripe)
    {
        var items = new List<QueueItem>(ripe.Count);
        foreach (var step in ripe)
        {
            var rank = await NextAsync(Place.Of(type, step.Priority, StepJson.Parse(step.Metadata)), step.CreatedAt);
            await StepStore.JoinLineAsync(sql, step.StepId, rank);
            items.Add(new QueueItem(step.StepId, type, (int)step.Priority, rank, step.CreatedAt));
        }

        return items;
    }

    private async Task<Turn> FirstAsync(Place place, DateTimeOffset age)
    {
        var (stored, last) = isIdle ? (new LineHead(heads.GetValueOrDefault(LineOf(place)), Others: null), new LastTurns(OfOwner: null, OfAll: null)) : await AskAsync(place);
        heads[LineOf(place)] = stored.Rank;
        if (last.OfAll is not null && (stored.Rank is null || last.OfOwner is null))
        {
            await TurnStore.DeleteAsync(sql, place, before: stored.Rank ?? long.MaxValue);
        }

        return stored.Rank is { } head ? new Turn(Math.Max(head, last.OfOwner + 1 ?? head)) : Open(place, age, stored.Others, last);
    }

    private async Task<(LineHead Head, LastTurns Last)> AskAsync(Place place)
    {
        var asked = await sql.TogetherAsync(() => (
            Last: TurnStore.FindAsync(sql, place),
            Head: heads.TryGetValue(LineOf(place), out var known) ? Task.FromResult(new LineHead(known, Others: null)) : StepStore.HeadAsync(sql, place.Type, place.Priority)));
        return (await asked.Head, await asked.Last);
    }

    /// <summary>The first turn of an empty line: where the others of its priority stand, but not before what the line has had already.</summary>
    /// <param name="stored">Where the lines stand that are stored; null when nothing waits there.</param>
    private Turn Open(Place place, DateTimeOffset age, long? stored, LastTurns last)
    {
        var others = heads.Where(line => line.Key.Priority == place.Priority).Select(line => line.Value).Append(stored).Min();
        return others is { } head ? new Turn(Math.Max(head, last.OfAll + 1 ?? head)) : new Turn(Microseconds(age), IsAlone: true);
    }

    private static (string Type, long Priority) LineOf(Place place) => (place.Type, place.Priority);

    private static long Microseconds(DateTimeOffset age) => (age - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A turn that was taken.</summary>
    /// <param name="IsAlone">True for the first of a line when nothing else waited at its priority.</param>
    private sealed record Turn(long Rank, bool IsAlone = false);
}
