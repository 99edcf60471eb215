using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>What may be stored, and where.</summary>
internal sealed class ArtifactOptions : IValidatableObject
{
    /// <summary>The largest file that may be uploaded, in MiB; 1–1048576, default 2048.</summary>
    [ConfigurationKeyName("ARTIFACT_MAX_MB")]
    [Range(1, 1_048_576, ErrorMessage = "ARTIFACT_MAX_MB must be 1 to 1048576.")]
    public long MaxMebibytes { get; set; } = 2048;

    /// <summary>A folder that hosts may share, or <c>s3://bucket/prefix</c>; default the folder <c>artifacts</c> in DATA_DIR.</summary>
    [ConfigurationKeyName("ARTIFACT_STORE")]
    public string? Store { get; set; }

    /// <summary>The S3 server where it is not Amazon's, for example <c>http://minio:9000</c>; default none.</summary>
    [ConfigurationKeyName("S3_ENDPOINT")]
    public string? S3Endpoint { get; set; }

    /// <summary>The region of the bucket, by the name that S3's tools know it; default <c>us-east-1</c> where S3_ENDPOINT is set.</summary>
    [ConfigurationKeyName("AWS_REGION")]
    public string? Region { get; set; }

    /// <summary>The bucket, or null where files lie in a folder.</summary>
    public BucketName? Bucket => BucketName.Parse(Store);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Fault() is { } fault ? [new ValidationResult(fault)] : [];

    private string? Fault()
    {
        if (string.IsNullOrEmpty(Store))
        {
            return null;
        }

        if (Bucket is null)
        {
            return BucketName.IsMeant(Store) || !Path.IsPathFullyQualified(Store)
                ? $"ARTIFACT_STORE is {Errors.Quote(Store)}; an absolute path such as /srv/refinery/artifacts, or s3://bucket/prefix, is expected."
                : null;
        }

        if (string.IsNullOrEmpty(S3Endpoint))
        {
            return string.IsNullOrEmpty(Region)
                ? $"AWS_REGION is unset; for ARTIFACT_STORE {Errors.Quote(Store)} the bucket's region such as eu-central-1, or S3_ENDPOINT, is expected."
                : null;
        }

        return WebUrl.Parse(S3Endpoint) is { UserInfo: "", Query: "", Fragment: "" }
            ? null
            : $"S3_ENDPOINT is {Errors.Quote(S3Endpoint)}; the address of an S3 server, for example http://minio:9000, is expected.";
    }
}
