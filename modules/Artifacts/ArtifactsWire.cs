using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>One line of a manifest.</summary>
/// <param name="Wheel">Path, URL or file name of the wheel; empty when there is none.</param>
internal sealed record ManifestBody(
    string Name, string Version, string? Wheel = null, string? PythonTag = null, string? PlatformTag = null, string Status = "built",
    string? RunId = null, string? Sha256 = null, long? SizeBytes = null) : IChecked
{
    public string? Fault() => this switch
    {
        _ when PackageName.Fault(Name, "name") is { } fault => fault,
        _ when PackageName.VersionFault(Version) is { } fault => fault,
        { Wheel.Length: > 4000 } => "The field 'wheel' is longer than 4000 characters.",
        _ when Wheel?.Any(char.IsControl) == true => $"The field 'wheel' is {Errors.Quote(Wheel)}; a path or URL without control characters is expected.",
        _ when Status.Length is 0 or > 50 || !Status.All(letter => char.IsAsciiLetterLower(letter) || letter == '_') =>
            $"The field 'status' is {Errors.Quote(Status)}; a status word such as built or failed is expected.",
        _ when RunId is { Length: > 200 } => "The field 'run_id' is longer than 200 characters.",
        _ when Sha256 is not null && !ArtifactFiles.IsDigest(Sha256) => $"The field 'sha256' is {Errors.Quote(Sha256)}; 64 lower-case hex digits are expected.",
        { SizeBytes: < 0 } => $"The field 'size_bytes' is {SizeBytes}; 0 or more is expected.",
        _ => null,
    };
}

/// <summary>One line of a manifest as it is kept.</summary>
internal sealed record ManifestAnswer(
    string Name, string Version, string Wheel, string? PythonTag, string? PlatformTag, string Status, string? RunId, string? Sha256, long? SizeBytes);

/// <summary>Entries were saved.</summary>
internal sealed record SavedAnswer(string Detail, int Count);

/// <summary>A wheel that can be had.</summary>
/// <param name="Path">As the manifest names it.</param>
/// <param name="Url">Where it can be fetched: here when this host stores it, else as the manifest says; null when neither.</param>
internal sealed record ArtifactAnswer(string Name, string Version, string Path, string? Url, string? Sha256, long? SizeBytes);

/// <summary>A file was stored.</summary>
internal sealed record StoredAnswer(string Detail, string Sha256, long SizeBytes);
