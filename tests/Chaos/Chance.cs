using Xunit.Abstractions;

namespace Refinery.Tests.Chaos;

/// <summary>Chance that can be had again: the seed is printed, and REFINERY_CHAOS_SEED sets it.</summary>
internal static class Chance
{
    /// <summary>True when the long counts are asked for.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("REFINERY_LONG") == "1";

    /// <summary>The rounds of a test that is run twenty times when the long counts are asked for, else once.</summary>
    public static TheoryData<int> Rounds { get; } = [.. Enumerable.Range(1, IsLong ? 20 : 1)];

    /// <summary>The seed of a test's first round; round n adds n.</summary>
    public static int Seed(ITestOutputHelper output)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("REFINERY_CHAOS_SEED"), out var given) ? given : Random.Shared.Next(1_000_000);
        output.WriteLine($"REFINERY_CHAOS_SEED={seed}");
        return seed;
    }
}
