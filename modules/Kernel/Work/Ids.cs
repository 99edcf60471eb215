using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Refinery.Kernel.Work;

/// <summary>Makes every id. Ids begin with their time, so that they sort by age and land at the end of an index.</summary>
public sealed class Ids(TimeProvider clock)
{
    private const int Supply = 2048;

    /// <summary>Random bytes are fetched in bulk: asking the system for a few at a time costs more than the rest of an id.</summary>
    [ThreadStatic]
    private static byte[]? supply;

    [ThreadStatic]
    private static int used;

    private long lastStep;

    /// <summary><c>step_{yyyyMMddHHmmss}_{8 hex}</c>, ascending: 20 bits of microseconds, 12 random. Source: docs/spec/fleet-q.md, "Step submission".</summary>
    /// <remarks>Every table of steps, attempts and builds grows at its end by this; random digits would touch a page of each index for each step.</remarks>
    public string NewStepId()
    {
        var now = clock.GetUtcNow();
        var micros = now.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond;
        var number = Ascending((now.ToUnixTimeSeconds() << 32) | (micros << 12) | (BinaryPrimitives.ReadUInt16LittleEndian(Random(2)) & 0xFFFL));
        var second = DateTimeOffset.FromUnixTimeSeconds(number >> 32).UtcDateTime;
        return $"step_{second.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}_{(uint)number:x8}";
    }

    /// <summary><c>evt-{32 hex}</c>, ascending in time.</summary>
    public string NewEventId() => New("evt");

    /// <summary><c>{prefix}-{32 hex}</c>, ascending in time.</summary>
    public string New(string prefix)
    {
        // A UUID of version 7: 48 bits of milliseconds, then random but for the version and the variant.
        Span<byte> uuid = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(uuid, clock.GetUtcNow().ToUnixTimeMilliseconds() << 16);
        Random(10).CopyTo(uuid[6..]);
        uuid[6] = (byte)(0x70 | (uuid[6] & 0x0F));
        uuid[8] = (byte)(0x80 | (uuid[8] & 0x3F));
        return $"{prefix}-{Convert.ToHexStringLower(uuid)}";
    }

    /// <summary>Random lower-case hex digits, two a byte.</summary>
    /// <param name="bytes">1 to 2048.</param>
    public static string RandomHex(int bytes) => Convert.ToHexStringLower(Random(bytes));

    /// <summary>The number wanted, or the one after the last when that is higher; a clock that was set to another second is followed.</summary>
    private long Ascending(long wanted)
    {
        while (true)
        {
            var last = Interlocked.Read(ref lastStep);
            var next = wanted <= last && wanted >> 32 == last >> 32 ? last + 1 : wanted;
            if (Interlocked.CompareExchange(ref lastStep, next, last) == last)
            {
                return next;
            }
        }
    }

    private static ReadOnlySpan<byte> Random(int bytes)
    {
        if (supply is null || used + bytes > supply.Length)
        {
            RandomNumberGenerator.Fill(supply ??= new byte[Supply]);
            used = 0;
        }

        used += bytes;
        return supply.AsSpan(used - bytes, bytes);
    }
}
