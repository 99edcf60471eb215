using System.Numerics;

namespace Refinery.Builds.Packages;

/// <summary>Prefix matching: whether a version begins as another one does, segment by segment.</summary>
/// <remarks>Source: PEP 440, "Version matching": <c>==1.1.*</c> takes 1.1, 1.1.0, 1.1a1 and 1.1.post1.</remarks>
internal static class VersionPrefix
{
    public static bool Matches(PepVersion candidate, PepVersion prefix)
    {
        var wanted = Segments(prefix, prefix.Release);
        var release = candidate.Release.Concat(Enumerable.Repeat(BigInteger.Zero, Math.Max(0, prefix.Release.Count - candidate.Release.Count)));
        var found = Segments(candidate, [.. release]);
        return found.Count >= wanted.Count && found.Take(wanted.Count).SequenceEqual(wanted, StringComparer.Ordinal);
    }

    /// <summary>The prefix <c>~=</c> means: the release without its last number.</summary>
    public static PepVersion Compatible(PepVersion version) => new() { Epoch = version.Epoch, Release = [.. version.Release.SkipLast(1)] };

    private static List<string> Segments(PepVersion version, IReadOnlyList<BigInteger> release)
    {
        List<string> segments = [$"{version.Epoch}!", .. release.Select(number => number.ToString())];
        if (version.Pre is { } pre)
        {
            segments.Add($"{pre.Letter}{pre.Number}");
        }

        if (version.Post is { } post)
        {
            segments.Add($"post{post}");
        }

        if (version.Dev is { } dev)
        {
            segments.Add($"dev{dev}");
        }

        return segments;
    }
}
