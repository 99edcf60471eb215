using Refinery.Fleet;

namespace Refinery.Tests.Fleet;

/// <summary>How long a retry waits.</summary>
public sealed class FleetOptionsTests
{
    [Theory]
    [InlineData(2, 1, 2)]
    [InlineData(2, 2, 4)]
    [InlineData(2, 3, 8)]
    [InlineData(2, 8, 256)]
    [InlineData(2, 9, 300)]
    [InlineData(2, 1_000_000, 300)]
    [InlineData(0.5, 1, 0.5)]
    [InlineData(0.5, 10, 256)]
    [InlineData(0.5, 11, 300)]
    [InlineData(300, 1, 300)]
    [InlineData(300, 2, 300)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 10, 0)]
    public void A_retry_waits_twice_as_long_as_the_one_before_it_and_never_longer_than_five_minutes(double first, long retry, double seconds)
    {
        var options = new FleetOptions { BackoffSeconds = first };

        Assert.Equal(TimeSpan.FromSeconds(seconds), options.Backoff(retry));
    }
}
