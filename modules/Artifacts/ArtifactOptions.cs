using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Refinery.Artifacts;

/// <summary>What may be stored.</summary>
internal sealed class ArtifactOptions
{
    /// <summary>The largest file that may be uploaded, in MiB; 1–1048576, default 2048.</summary>
    [ConfigurationKeyName("ARTIFACT_MAX_MB")]
    [Range(1, 1_048_576, ErrorMessage = "ARTIFACT_MAX_MB must be 1 to 1048576.")]
    public long MaxMebibytes { get; set; } = 2048;
}
