using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;

namespace Refinery.Artifacts;

/// <summary>Chooses the place that ARTIFACT_STORE names.</summary>
internal static class ArtifactPlaces
{
    private const int Retries = 2;

    /// <summary>What is written on a shared folder by another host is no leftover before it is so old.</summary>
    private static readonly TimeSpan SharedPatience = TimeSpan.FromDays(1);

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CallLimit = TimeSpan.FromHours(2);

    /// <summary>The place as set.</summary>
    public static IArtifactPlace Open(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ArtifactOptions>>().Value;
        if (options.Bucket is { } bucket)
        {
            var incoming = ActivatorUtilities.CreateInstance<IncomingFiles>(services, Path.Combine(OwnFolder(services), "incoming"), TimeSpan.Zero);

            // The library finds the credentials in its usual places: the environment, a profile, the machine's role.
            return new BucketPlace(new AmazonS3Client(Config(options)), bucket, incoming);
        }

        return string.IsNullOrEmpty(options.Store)
            ? OpenOwn(services)
            : ActivatorUtilities.CreateInstance<FolderPlace>(services, Path.GetFullPath(options.Store), SharedPatience);
    }

    /// <summary>The folder <c>artifacts</c> in DATA_DIR, which one process holds.</summary>
    public static IArtifactPlace OpenOwn(IServiceProvider services) =>
        ActivatorUtilities.CreateInstance<FolderPlace>(services, OwnFolder(services), TimeSpan.Zero);

    private static string OwnFolder(IServiceProvider services) => Path.Combine(services.GetRequiredService<IDataDirectory>().Path, "artifacts");

    /// <summary>How an S3 server is called; other servers than Amazon's are addressed by path.</summary>
    internal static AmazonS3Config Config(ArtifactOptions options)
    {
        var config = new AmazonS3Config
        {
            // What is put carries its sha256; other servers than Amazon's do not know the library's newer checksums.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = Retries,
            ConnectTimeout = ConnectLimit,
            Timeout = CallLimit,
        };
        if (string.IsNullOrEmpty(options.S3Endpoint))
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }
        else
        {
            config.ServiceURL = options.S3Endpoint;
            config.ForcePathStyle = true;
            config.AuthenticationRegion = string.IsNullOrEmpty(options.Region) ? "us-east-1" : options.Region;
        }

        return config;
    }
}
