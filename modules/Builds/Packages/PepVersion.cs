using System.Globalization;
using System.Numerics;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>A version as PEP 440 reads, orders and writes it; <see cref="ToString"/> gives the canonical text.</summary>
internal sealed class PepVersion : IComparable<PepVersion>, IEquatable<PepVersion>
{
    public required BigInteger Epoch { get; init; }

    /// <summary>At least one number; trailing zeros are kept for the text and do not count when versions are compared.</summary>
    public required IReadOnlyList<BigInteger> Release { get; init; }

    public PreRelease? Pre { get; init; }

    public BigInteger? Post { get; init; }

    public BigInteger? Dev { get; init; }

    /// <summary>Lower case segments of the local label; empty when there is none.</summary>
    public IReadOnlyList<string> Local { get; init; } = [];

    public bool IsPreRelease => Pre is not null || Dev is not null;

    public bool IsPostRelease => Post is not null;

    /// <summary>The same version without its local label.</summary>
    public PepVersion Public => Local.Count == 0 ? this : new() { Epoch = Epoch, Release = Release, Pre = Pre, Post = Post, Dev = Dev };

    /// <summary>Epoch and release alone.</summary>
    public PepVersion Base => new() { Epoch = Epoch, Release = Release };

    /// <exception cref="FormatException">The text is no version of PEP 440.</exception>
    public static PepVersion Parse(string text) =>
        TryParse(text) ?? throw new FormatException($"{Errors.Quote(text)} is no version; one such as 2.1.5 or 1.0rc1 is expected (PEP 440).");

    /// <summary>Null when the text is no version of PEP 440.</summary>
    public static PepVersion? TryParse(string? text) => PepVersionText.Read(text);

    public static bool operator ==(PepVersion? left, PepVersion? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(PepVersion? left, PepVersion? right) => !(left == right);

    public static bool operator <(PepVersion left, PepVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(PepVersion left, PepVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(PepVersion left, PepVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PepVersion left, PepVersion right) => left.CompareTo(right) >= 0;

    public int CompareTo(PepVersion? other) => other is null ? 1 : PepVersionOrder.Compare(this, other);

    public bool Equals(PepVersion? other) => other is not null && CompareTo(other) == 0;

    public override bool Equals(object? obj) => Equals(obj as PepVersion);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Epoch);
        foreach (var number in Release.Take(PepVersionOrder.Significant(Release)))
        {
            hash.Add(number);
        }

        hash.Add(Pre);
        hash.Add(Post);
        hash.Add(Dev);
        foreach (var segment in Local)
        {
            hash.Add(segment, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    public override string ToString()
    {
        var epoch = Epoch.IsZero ? "" : $"{Epoch}!";
        var release = string.Join('.', Release.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        var pre = Pre is { } p ? $"{p.Letter}{p.Number}" : "";
        var post = Post is { } o ? $".post{o}" : "";
        var dev = Dev is { } d ? $".dev{d}" : "";
        var local = Local.Count == 0 ? "" : $"+{string.Join('.', Local)}";
        return $"{epoch}{release}{pre}{post}{dev}{local}";
    }
}

/// <summary>The pre-release part of a version: <c>a</c>, <c>b</c> or <c>rc</c> and its number.</summary>
internal readonly record struct PreRelease(string Letter, BigInteger Number);
