using System.Text.Json.Serialization;
using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>What became of one wheel in a run.</summary>
/// <param name="Name">The package.</param>
/// <param name="Version">The version; null when it never became known.</param>
/// <param name="Wheel">The wheel's path or URL; empty when there is none.</param>
/// <param name="Status">For example <c>built</c>, <c>reused</c> or <c>failed</c>.</param>
/// <param name="Sha256">64 hex digits; null when unknown.</param>
/// <param name="SizeBytes">The wheel's length; null when unknown.</param>
internal sealed record ManifestEntry(
    string Name,
    string Status,
    string? Version = null,
    string? Wheel = null,
    string? PythonTag = null,
    string? PlatformTag = null,
    string? RunId = null,
    string? Sha256 = null,
    long? SizeBytes = null) : IChecked
{
    private const int MaxText = 200;
    private const int MaxWheel = 2_000;

    public string? Fault() =>
        PackageName.Fault(Name, "name")
        ?? (Version is null ? null : PackageName.VersionFault(Version))
        ?? (Status.Length == 0 ? "The field 'status' is empty; a word such as built or failed is expected." : TextFault("status", Status, MaxText))
        ?? TextFault("wheel", Wheel, MaxWheel)
        ?? TextFault("python_tag", PythonTag, MaxText)
        ?? TextFault("platform_tag", PlatformTag, MaxText)
        ?? TextFault("run_id", RunId, MaxText)
        ?? (Sha256 is null || Digest.Read(Sha256) is not null ? null : $"The field 'sha256' is {Errors.Quote(Sha256)}; 64 hex digits are expected.")
        ?? (SizeBytes is < 0 ? $"The field 'size_bytes' is '{SizeBytes}'; 0 or more is expected." : null);

    private static string? TextFault(string field, string? text, int max) => text?.Length > max || text?.Any(char.IsControl) == true
        ? $"The field '{field}' is {Errors.Quote(text)}; at most {max} characters without control characters are expected."
        : null;
}

/// <summary>Entries were kept.</summary>
internal sealed record ManifestSaved(string Detail, int Count);

/// <summary>A wheel that was made.</summary>
/// <param name="Path">Where its maker put it.</param>
/// <param name="Url">Where it can be fetched; null when only its maker knows it.</param>
/// <param name="Sha256">64 hex digits; null when unknown.</param>
/// <param name="SizeBytes">Null when unknown.</param>
internal sealed record ArtifactAnswer(
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Version,
    string Path,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Url,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Sha256,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? SizeBytes);

/// <summary>A file was stored.</summary>
internal sealed record ArtifactStored(string Detail, string Sha256, long SizeBytes);
