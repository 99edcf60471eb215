using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Refinery.Artifacts;

/// <summary>Bounds of stored files.</summary>
internal sealed class ArtifactOptions
{
    /// <summary>Largest file in MB that may be stored over HTTP; 1–102400, default 4096.</summary>
    [ConfigurationKeyName("ARTIFACT_MAX_MB")]
    [Range(1, 102_400, ErrorMessage = "ARTIFACT_MAX_MB must be 1 to 102400.")]
    public int MaxMegabytes { get; set; } = 4096;
}
