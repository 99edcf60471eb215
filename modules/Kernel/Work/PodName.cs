using System.Text.RegularExpressions;

namespace Refinery.Kernel.Work;

/// <summary>Names pods.</summary>
public static partial class PodName
{
    /// <summary><c>{prefix}-{machine}-{6 hex}</c>, another one at each start.</summary>
    /// <param name="prefix">What kind of pod it is.</param>
    public static string New(string prefix) => $"{prefix}-{Odd().Replace(Environment.MachineName.ToLowerInvariant(), "-")}-{Ids.RandomHex(3)}";

    [GeneratedRegex("[^a-z0-9-]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Odd();
}
