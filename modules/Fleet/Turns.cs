using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Gives the steps of one unit their ranks, so that whoever submits much keeps nobody else waiting: owners take turns.</summary>
/// <remarks>
/// Start-time fair queueing: a step joins its line (type and priority) where the line stands now, or one turn after the last
/// step of its owner, whichever is later. An empty line begins at the age of its first step, or where the other lines of its
/// priority stand. Source: Goyal, Vin and Cheng, "Start-time fair queueing" (1996); docs/adr, "Owners take turns".
/// </remarks>
internal sealed class Turns(SqlSession sql)
{
    private readonly Dictionary<Place, Turn> taken = [];

    /// <summary>The rank of a step that joins its line; it must be in line before the next one is asked for.</summary>
    /// <param name="age">When the step was submitted.</param>
    public async Task<long> NextAsync(Place place, DateTimeOffset age)
    {
        var turn = taken.TryGetValue(place, out var last) ? new Turn(last.Rank + 1) : await FirstAsync(place, age);
        taken[place] = turn;
        return turn.Rank;
    }

    /// <summary>Keeps the turns that were taken; to be called when all steps of the unit have theirs.</summary>
    public async Task KeepAsync()
    {
        // The one step of an empty line bears its turn itself.
        foreach (var (place, turn) in taken.Where(one => !one.Value.IsAlone))
        {
            await TurnStore.PutAsync(sql, place, turn.Rank);
        }
    }

    private async Task<Turn> FirstAsync(Place place, DateTimeOffset age)
    {
        if (await StepStore.HeadAsync(sql, place.Type, place.Priority) is not { } head)
        {
            await TurnStore.DeleteAsync(sql, place, before: long.MaxValue);
            return new Turn(await StepStore.HeadAsync(sql, place.Priority) ?? Microseconds(age), IsAlone: true);
        }

        if (await TurnStore.FindAsync(sql, place) is { } last)
        {
            return new Turn(Math.Max(head, last + 1));
        }

        await TurnStore.DeleteAsync(sql, place, before: head);
        return new Turn(head);
    }

    private static long Microseconds(DateTimeOffset age) => (age - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A turn that was taken.</summary>
    /// <param name="IsAlone">True for a line that was empty.</param>
    private sealed record Turn(long Rank, bool IsAlone = false);
}
