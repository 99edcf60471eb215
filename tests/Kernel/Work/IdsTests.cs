using System.Globalization;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Kernel.Work;

/// <summary>Ids of steps have the documented form and ascend, so that tables of steps grow at their end.</summary>
public sealed class IdsTests
{
    private readonly ManualClock clock = new();
    private readonly Ids ids;

    public IdsTests() => ids = new Ids(clock);

    [Fact]
    public void A_step_id_names_its_second_and_ends_with_eight_hex_digits() =>
        Assert.Matches("^step_20260124100000_[0-9a-f]{8}$", ids.NewStepId());

    [Fact]
    public void The_digits_tell_the_microsecond()
    {
        clock.Advance(TimeSpan.FromMicroseconds(654_321));

        Assert.Equal(654_321, long.Parse(ids.NewStepId()[^8..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> 12);
    }

    [Fact]
    public void Step_ids_ascend_whether_time_passes_or_not()
    {
        var made = Enumerable.Range(0, 50_000).Select(number =>
        {
            clock.Advance(TimeSpan.FromMicroseconds(number % 3 * 20));
            return ids.NewStepId();
        }).ToList();

        Assert.Equal(made.Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal), made);
    }

    [Fact]
    public void Many_at_once_get_an_id_each()
    {
        var made = new string[40_000];
        Parallel.For(0, made.Length, number => made[number] = ids.NewStepId());

        Assert.Equal(made.Length, made.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_clock_that_was_set_back_is_followed()
    {
        clock.Set(TimeSpan.FromHours(1));
        ids.NewStepId();
        clock.Set(TimeSpan.FromHours(-1));

        Assert.StartsWith("step_20260124100000_", ids.NewStepId(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_makers_differ_within_a_microsecond()
    {
        var other = new Ids(clock);

        var made = Enumerable.Range(0, 20).SelectMany(_ => { clock.Advance(TimeSpan.FromMicroseconds(1)); return new[] { ids.NewStepId(), other.NewStepId() }; }).ToList();

        Assert.True(made.Distinct(StringComparer.Ordinal).Count() > 30);
    }
}
