using Refinery.Builds.Packages;

namespace Refinery.Builds.Index;

/// <summary>A source archive that is offered somewhere.</summary>
/// <param name="Name">The package as the file names it.</param>
/// <param name="Location">A URL, or an absolute path.</param>
/// <param name="Sha256">64 lower-case hex digits the index promises; null when it promises none.</param>
/// <param name="RequiresPython">The interpreters it is for; null for any.</param>
/// <param name="IsYanked">Withdrawn: taken only when exactly this version is asked for.</param>
internal sealed record SdistCandidate(
    string Name, PepVersion Version, string FileName, Uri Location, string? Sha256, SpecifierSet? RequiresPython, bool IsYanked);

/// <summary>A source cannot be had.</summary>
/// <param name="reason"><c>missing</c>, <c>refused</c>, <c>too_large</c>, <c>digest_mismatch</c>, or <c>download_failed</c>, which alone may pass by itself.</param>
internal sealed class IndexException(string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Reason => reason;

    public bool IsTransient => reason == "download_failed";
}
