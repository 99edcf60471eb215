using System.Text;
using Refinery.KubernetesRunner;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>A line of a container's log becomes the lines that a process would have printed.</summary>
public sealed class LogLineTests
{
    [Theory]
    [InlineData("2026-01-02T03:04:05.123456789Z hello", "hello")]
    [InlineData("2026-01-02T03:04:05Z ", "")]
    [InlineData("2026-01-02T03:04:05Z", "")]
    [InlineData("2026-01-02T03:04:05.5+01:00 10%\r20%\rdone\r", "10%|20%|done")]
    [InlineData("unable to retrieve container logs", "unable to retrieve container logs")]
    public void The_instant_is_taken_off_and_returns_divide(string line, string expected) =>
        Assert.Equal(expected.Split('|'), LogLine.Parse(new ByteLine(Encoding.UTF8.GetBytes(line), 0)).Texts());

    [Fact]
    public void Invalid_text_is_replaced_and_long_lines_are_cut()
    {
        var lines = new ByteLines(maxBytes: 30_000);

        var first = lines.Add([.. "2026-01-02T03:04:05Z caf"u8, 0xe9, (byte)'\n', .. "2026-01-02T03:04:05Z "u8, .. Enumerable.Repeat((byte)'x', 20_000)]);
        var second = lines.Add([.. Enumerable.Repeat((byte)'x', 80_000), (byte)'\n', (byte)'y']);

        Assert.Equal(["caf\ufffd"], LogLine.Parse(Assert.Single(first)).Texts());
        var cut = Assert.Single(LogLine.Parse(Assert.Single(second)).Texts());
        Assert.EndsWith("x … (83616 more bytes)", cut, StringComparison.Ordinal);
        Assert.Equal("y"u8.ToArray(), lines.End()!.Bytes);
        Assert.Null(lines.End());
    }
}
