using System.Globalization;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>Our canonical text is Python's, byte for byte.</summary>
public sealed class CanonicalJsonTests
{
    private const string DumpEachLine = """
        import json, sys
        for line in sys.stdin:
            print(json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")))
        """;

    private const string PrintEachFloat = """
        import struct, sys
        for line in sys.stdin:
            print(repr(struct.unpack("<d", struct.pack("<q", int(line)))[0]))
        """;

    [Fact]
    public async Task Ten_thousand_values_come_out_as_python_prints_them()
    {
        var values = new JsonSource(seed: 20260124);
        var lines = Enumerable.Range(0, 10_000).Select(_ => values.Next()).ToList();

        var expected = await PythonChild.MapAsync(DumpEachLine, lines);

        Assert.Equal(lines.Count, expected.Count);
        for (var index = 0; index < lines.Count; index++)
        {
            var canonical = Encoding.ASCII.GetString(CanonicalJson.ToBytes(JsonElement.Parse(lines[index])));
            Assert.True(expected[index] == canonical, $"{lines[index]}\npython: {expected[index]}\nours:   {canonical}");
        }
    }

    [Fact]
    public async Task Floats_of_any_bits_come_out_as_python_prints_them()
    {
        var random = new Random(7);
        double[] special = [0.0, -0.0, 1e16, 1e15, 9999999999999998.0, 1e22, 1e23, 1e-4, 1e-5, 0.00012345, double.Epsilon, double.MaxValue, 5e-324, 123456789012345680.0];
        var floats = special
            .Concat(Enumerable.Range(0, 50_000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))))
            .Concat(Enumerable.Range(0, 50_000).Select(_ => Math.Round(random.NextDouble() * Math.Pow(10, random.Next(-8, 20)), random.Next(0, 6))))
            .Where(double.IsFinite)
            .ToList();

        var expected = await PythonChild.MapAsync(
            PrintEachFloat, [.. floats.Select(number => BitConverter.DoubleToInt64Bits(number).ToString(CultureInfo.InvariantCulture))]);

        Assert.Equal(expected, floats.Select(PythonFloat.Format));
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"a\":\"x\\udc00\"}")]
    [InlineData("{\"\\ud83d\":1}")]
    [InlineData("1e400")]
    [InlineData("[-1e999]")]
    public void What_has_no_canonical_text_is_refused(string json) =>
        Assert.Throws<FormatException>(() => CanonicalJson.ToBytes(JsonElement.Parse(json)));

    [Theory]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "-0.0")]
    [InlineData("1E2", "100.0")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    [InlineData(""" { "b" : [ ] , "a" : { } } """, """{"a":{},"b":[]}""")]
    [InlineData("\"\\/\\u0041\\u007f\"", "\"/A\\u007f\"")]
    public void Spelling_does_not_matter(string json, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(CanonicalJson.ToBytes(JsonElement.Parse(json))));
}
