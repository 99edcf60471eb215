using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Builds;

/// <summary>The arguments of a wheel build.</summary>
/// <param name="Version">Null for the newest, which <c>STRATEGY=pinned</c> does not build.</param>
/// <param name="Sha256">Digests the sdist may have; empty for any.</param>
internal sealed record WheelArgs(string Package, string? Version, string? PythonTag, string? PlatformTag, IReadOnlyList<string> Sha256)
{
    public static WheelArgs Read(JsonElement args) => new(
        args.TextMember("package") ?? string.Empty,
        args.TextMember("version"),
        args.TextMember("python_tag"),
        args.TextMember("platform_tag"),
        [.. Digests(args)]);

    /// <summary>What no build can come of, in one sentence; null when there is nothing. Steps may be submitted with any arguments.</summary>
    public string? Fault() => PackageName.Fault(Package, "args.package") ?? (Version is null ? null : PackageName.VersionFault(Version, "args.version"));

    public override string ToString() => Version is null ? Package : $"{Package} {Version}";

    private static IEnumerable<string> Digests(JsonElement args)
    {
        if (args.TextMember("sha256") is { } one)
        {
            yield return one;
        }

        if (args.Member("hashes", JsonValueKind.Array) is { } hashes)
        {
            foreach (var hash in hashes.EnumerateArray().Where(hash => hash.ValueKind == JsonValueKind.String))
            {
                yield return (hash.GetString() ?? string.Empty).Replace("sha256:", string.Empty, StringComparison.Ordinal);
            }
        }
    }
}
