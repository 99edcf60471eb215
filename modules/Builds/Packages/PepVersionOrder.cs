using System.Globalization;
using System.Numerics;

namespace Refinery.Builds.Packages;

/// <summary>The order of versions: dev &lt; pre-release &lt; release &lt; post, and a local label after the same version without one.</summary>
/// <remarks>Source: PEP 440, "Summary of permitted suffixes and relative ordering".</remarks>
internal static class PepVersionOrder
{
    public static int Compare(PepVersion left, PepVersion right) => FirstDifference(
        left.Epoch.CompareTo(right.Epoch),
        CompareRelease(left.Release, right.Release),
        ComparePre(left, right),
        Nullable.Compare(left.Post, right.Post),
        CompareDev(left.Dev, right.Dev),
        CompareLocal(left.Local, right.Local));

    /// <summary>How many release numbers count: trailing zeros do not.</summary>
    public static int Significant(IReadOnlyList<BigInteger> release)
    {
        var count = release.Count;
        while (count > 0 && release[count - 1].IsZero)
        {
            count--;
        }

        return count;
    }

    private static int FirstDifference(params ReadOnlySpan<int> comparisons)
    {
        foreach (var comparison in comparisons)
        {
            if (comparison != 0)
            {
                return comparison;
            }
        }

        return 0;
    }

    private static int CompareRelease(IReadOnlyList<BigInteger> left, IReadOnlyList<BigInteger> right)
    {
        for (var i = 0; i < Math.Max(left.Count, right.Count); i++)
        {
            var comparison = Number(left, i).CompareTo(Number(right, i));
            if (comparison != 0)
            {
                return comparison;
            }
        }

        return 0;
    }

    private static BigInteger Number(IReadOnlyList<BigInteger> release, int index) => index < release.Count ? release[index] : BigInteger.Zero;

    private static int ComparePre(PepVersion left, PepVersion right)
    {
        var rank = PreRank(left).CompareTo(PreRank(right));
        return rank != 0 || left.Pre is not { } l || right.Pre is not { } r
            ? rank
            : FirstDifference(string.CompareOrdinal(l.Letter, r.Letter), l.Number.CompareTo(r.Number));
    }

    // 1.0.dev1 stands before 1.0a1, so a bare dev release ranks below every pre-release.
    private static int PreRank(PepVersion version) => version switch
    {
        { Pre: not null } => 1,
        { Post: null, Dev: not null } => 0,
        _ => 2,
    };

    private static int CompareDev(BigInteger? left, BigInteger? right) => (left, right) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        ({ } l, { } r) => l.CompareTo(r),
    };

    private static int CompareLocal(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            var comparison = CompareSegment(left[i], right[i]);
            if (comparison != 0)
            {
                return comparison;
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    private static int CompareSegment(string left, string right)
    {
        var leftIsNumber = BigInteger.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var l);
        var rightIsNumber = BigInteger.TryParse(right, NumberStyles.None, CultureInfo.InvariantCulture, out var r);
        return (leftIsNumber, rightIsNumber) switch
        {
            (true, true) => l.CompareTo(r),
            (false, false) => string.CompareOrdinal(left, right),
            _ => leftIsNumber ? 1 : -1,
        };
    }
}
