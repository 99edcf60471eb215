using Refinery.Contract;

namespace Refinery.Tests.Plugins;

/// <summary>A backend against a list that does the same.</summary>
public abstract partial class QueueBackendContract
{
    /// <summary>Runs any sequence of verbs against the queue and the list, and compares what they say.</summary>
    /// <param name="verbs">How many.</param>
    /// <param name="model">What the list holds after some items were added, its order of calling, the age of an item that is made at a step, and whether the queue tells its oldest.</param>
    private protected async Task AgreeAsync(
        Random chance, int verbs, (Action<List<QueueItem>, IReadOnlyList<QueueItem>> Add, Func<List<QueueItem>, IEnumerable<QueueItem>> InOrder, Func<int, int> AgeOf, bool TellsOldest) model)
    {
        var held = new List<QueueItem>();
        for (var step = 0; step < verbs; step++)
        {
            switch (chance.Next(20))
            {
                case < 9:
                    var added = Enumerable.Range(0, chance.Next(1, 12)).Select(_ => RandomItem(chance, (step, verbs), model.AgeOf)).ToList();
                    await AddAsync(added);
                    model.Add(held, added);
                    break;
                case < 17:
                    var max = chance.Next(1, 15);
                    var expected = model.InOrder(held).Take(max).ToList();
                    Assert.Equal(expected, await PopAsync(max));
                    expected.ForEach(item => held.Remove(item));
                    break;
                case 17:
                    Assert.Equal(model.InOrder(held).Take(10), await ListAsync(10));
                    break;
                case 18:
                    await ReopenAsync();
                    break;
                default:
                    await AgreeOnStatsAsync(held, clears: chance.Next(4) == 0, model.TellsOldest);
                    break;
            }
        }

        await ReopenAsync();
        Assert.Equal(model.InOrder(held).Select(item => item.StepId), await DrainAsync());
    }

    private async Task AgreeOnStatsAsync(List<QueueItem> held, bool clears, bool tellsOldest)
    {
        if (clears)
        {
            Assert.Equal(held.Count, await Queue.ClearAsync(CancellationToken.None));
            held.Clear();
        }

        Assert.Equal(new QueueStats(held.Count, tellsOldest ? held.Min(item => (DateTimeOffset?)item.EnqueuedAt) : null), await StatsAsync());
    }

    private static QueueItem RandomItem(Random chance, (int At, int Of) step, Func<int, int> ageOf) => Item(
        $"step-{chance.Next(300)}", priority: chance.Next(-1, 2), rank: chance.Next(4) == 0 ? chance.Next(step.Of) : step.At, age: ageOf(step.At));
}
