using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Refinery.Bench;

/// <summary>Steps submitted at a steady rate, and how long each took to be in somebody's hands.</summary>
internal sealed class Arrivals
{
    private const int Seconds = 20;

    /// <summary>At the same rate before it is measured: in the first seconds of that the runtime still compiles what is called most.</summary>
    private const int WarmUpSeconds = 15;

    private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<int, long> begun = new();
    private readonly ConcurrentDictionary<int, double> waits = new();
    private long began;
    private int rate;
    private int expected;

    /// <summary>Makes a call at each beat of the rate, late or not, and waits for their answers.</summary>
    /// <param name="perSecond">Calls a second.</param>
    /// <param name="call">Gets the number of the call, negative for one that only warms up.</param>
    public async Task EachAsync(int perSecond, Func<int, Task> call)
    {
        var calls = new List<Task>();
        (rate, expected, began) = (perSecond, perSecond * Seconds, Stopwatch.GetTimestamp());
        for (var number = 0; number < perSecond * (WarmUpSeconds + Seconds); number++)
        {
            await DueAsync(number);
            var mine = Math.Max(-1, number - (perSecond * WarmUpSeconds));
            calls.Add(Task.Run(() =>
            {
                begun[mine] = Stopwatch.GetTimestamp();
                return call(mine);
            }));
        }

        await Task.WhenAll(calls);
    }

    /// <param name="number">Negative for one that only warms up.</param>
    /// <param name="arrived">By the clock that all processes of a machine share.</param>
    public void Note(int number, long arrived)
    {
        if (number < 0)
        {
            return;
        }

        if (!waits.TryAdd(number, Stopwatch.GetElapsedTime(begun[number], arrived).TotalMilliseconds))
        {
            throw new InvalidOperationException($"Step {number} arrived twice.");
        }

        if (waits.Count == expected)
        {
            all.TrySetResult();
        }
    }

    public Task AllAsync() => all.Task.WaitAsync(TimeSpan.FromMinutes(2));

    /// <param name="what">The name of the figure.</param>
    /// <param name="measured">From where to where it was measured.</param>
    /// <param name="settings">Beside the rate.</param>
    public void Print(string what, string measured, params string[] settings)
    {
        var how = string.Join(", ", settings.Prepend($"{measured}; {rate}/s for {Seconds} s after {WarmUpSeconds} s of it to warm up, open loop"));
        var sorted = waits.Values.Order().ToList();
        var (p50, p99) = (sorted[sorted.Count / 2], sorted[sorted.Count * 99 / 100]);
        Console.WriteLine($"pickup: {what}: p50 {p50:N1} ms, p99 {p99:N1} ms, most {sorted[^1]:N1} ms ({how})");
        foreach (var (name, value) in (ReadOnlySpan<(string, double)>)[("p50", p50), ("p99", p99)])
        {
            Console.WriteLine("RESULT " + JsonSerializer.Serialize(new { metric = $"refinery.pickup {what} {name}", value, unit = "ms" }));
        }
    }

    private async Task DueAsync(int number)
    {
        var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), began + (long)(Stopwatch.Frequency * (double)number / rate));
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait);
        }
    }
}
