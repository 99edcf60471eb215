using System.Globalization;
using System.Security.Cryptography;

namespace Refinery.Kernel.Work;

/// <summary>Makes every id. Ids begin with their time, so that they sort by age and land at the end of an index.</summary>
public sealed class Ids(TimeProvider clock)
{
    /// <summary><c>step_{yyyyMMddHHmmss}_{8 hex}</c>. Source: docs/spec/fleet-q.md, "Step submission".</summary>
    public string NewStepId() =>
        $"step_{clock.GetUtcNow().UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}_{RandomHex(4)}";

    /// <summary><c>evt-{32 hex}</c>, ascending in time.</summary>
    public string NewEventId() => $"evt-{Guid.CreateVersion7(clock.GetUtcNow()):N}";

    /// <summary><c>{prefix}-{32 hex}</c>, ascending in time.</summary>
    public string New(string prefix) => $"{prefix}-{Guid.CreateVersion7(clock.GetUtcNow()):N}";

    /// <summary>Random lower-case hex digits, two a byte.</summary>
    public static string RandomHex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));
}
