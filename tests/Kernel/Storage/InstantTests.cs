using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>Which texts are instants.</summary>
public sealed class InstantTests
{
    [Theory]
    [InlineData("2026-01-24", "2026-01-24T00:00:00.000000Z")]
    [InlineData("2026-01-24T10:00Z", "2026-01-24T10:00:00.000000Z")]
    [InlineData("2026-01-24T10:00:00", "2026-01-24T10:00:00.000000Z")]
    [InlineData("2026-01-24T10:00:00Z", "2026-01-24T10:00:00.000000Z")]
    [InlineData("2026-01-24T12:00:00+02:00", "2026-01-24T10:00:00.000000Z")]
    [InlineData("2026-01-24T10:00:00.5Z", "2026-01-24T10:00:00.500000Z")]
    [InlineData("2026-01-24T10:00:00.123456", "2026-01-24T10:00:00.123456Z")]
    [InlineData("2026-01-24T10:00:00.123456+00:00", "2026-01-24T10:00:00.123456Z")]
    [InlineData("2026-01-24T10:00:00.1234567Z", "2026-01-24T10:00:00.123456Z")]
    [InlineData("2026-01-24T04:30:00.123456789-05:30", "2026-01-24T10:00:00.123456Z")]
    public void Iso_8601_is_read(string text, string instant)
    {
        Assert.True(Instant.TryParse(text, out var read));
        Assert.Equal(instant, Instant.Format(read));
        Assert.Equal(instant, Instant.Format(Instant.Parse(text)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10:00")]
    [InlineData("5/6/2026")]
    [InlineData("Jan 24 2026")]
    [InlineData("2026-01-24 10:00:00")]
    [InlineData("2026-13-01T10:00:00Z")]
    [InlineData("2026-01-24T10:00:00Zulu")]
    [InlineData("yesterday")]
    public void Nothing_else_is(string? text)
    {
        Assert.False(Instant.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Instant.Parse(text ?? string.Empty));
    }
}
