namespace Refinery.Kernel.Work;

/// <summary>What wheels are built for and from, as <c>GET /api/config</c> shows it. The Builds module implements it.</summary>
public interface IBuildTarget
{
    /// <summary>The settings in force, with defaults filled in.</summary>
    Task<BuildTarget> FindAsync(CancellationToken cancellationToken);
}

/// <summary>What wheels are built for and from.</summary>
/// <param name="Strategy"><c>pinned</c> or <c>upgrade</c>.</param>
/// <param name="Python">The target's python tag, for example <c>cp311</c>; null when none is found.</param>
/// <param name="PlatformTag">For example <c>linux_x86_64</c>; null when unknown.</param>
/// <param name="IndexUrl">Where sdists come from; null without an index. The host strips userinfo before it shows a URL.</param>
/// <param name="ExtraIndexUrls">Further indexes; empty when none.</param>
/// <param name="FindLinks">Folders and pages of files; empty when none.</param>
public sealed record BuildTarget(
    string Strategy,
    string? Python,
    string? PlatformTag,
    string? IndexUrl,
    IReadOnlyList<string> ExtraIndexUrls,
    IReadOnlyList<string> FindLinks);
