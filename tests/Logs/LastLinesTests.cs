using Refinery.Kernel.Work;

namespace Refinery.Tests.Logs;

/// <summary>Of a log that grows too long its end is kept.</summary>
public sealed class LastLinesTests
{
    [Fact]
    public void The_end_stays_and_what_is_missing_is_said()
    {
        var last = new LastLines();
        for (var number = 0; number < 100_000; number++)
        {
            last.Add($"line number {number}");
        }

        var kept = last.Take().ToList();

        Assert.Equal("line number 99999", kept[^1]);
        Assert.InRange(last.Text().Length, 500_000, 512 << 10);
        Assert.Equal($"[the log grew too long: {100_000 - (kept.Count - 1)} lines are left out here]", kept[0]);
    }
}
