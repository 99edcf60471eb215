using System.Text;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>Bytes cut anywhere become the text that they are together.</summary>
public sealed class Utf8CleanerTests
{
    private static readonly byte[][] Parts =
    [
        "abc"u8.ToArray(), "é"u8.ToArray(), "✓"u8.ToArray(), "🛠"u8.ToArray(), [0], [0xC3], [0xE2], [0xE2, 0x9C], [0xF0, 0x9F], [0xF0, 0x9F, 0x9B],
        [0x80], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], "\n"u8.ToArray(),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Pieces_give_what_the_whole_gives(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            byte[] bytes = [.. Enumerable.Range(0, random.Next(1, 12)).SelectMany(_ => Parts[random.Next(Parts.Length)])];

            var cleaned = Clean(bytes, random);

            Assert.Equal(Encoding.UTF8.GetString(bytes).Replace('\0', '\uFFFD'), Encoding.UTF8.GetString(cleaned));
        }
    }

    private static byte[] Clean(byte[] bytes, Random random)
    {
        var cleaner = new Utf8Cleaner();
        var cleaned = new List<byte>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(1, 6));
            cleaner.Clean(bytes.AsSpan(at, length), piece => cleaned.AddRange(piece));
            at += length;
        }

        cleaner.End(piece => cleaned.AddRange(piece));
        return [.. cleaned];
    }
}
