using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>Files in a bucket of an S3 server, <c>prefix/ab/abcd…</c>; any number of hosts may share it.</summary>
/// <remarks>
/// What was put in one piece was put with its sha256, which the server checks, keeps and tells. A read names the object it was opened as (its
/// ETag), so the bytes are those that were judged. Source: Amazon S3 API reference.
/// </remarks>
internal sealed class BucketPlace(IAmazonS3 server, BucketName bucket, IncomingFiles incoming) : IArtifactPlace, IDisposable
{
    /// <summary>S3 takes at most 5 GiB in one piece, and copies no more.</summary>
    internal const long LargestPiece = 5L << 30;

    /// <summary>10,000 parts, which is S3's limit, make 1.2 TiB.</summary>
    private const long PartSize = 128L << 20;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan UploadLimit = TimeSpan.FromHours(1);

    public IncomingFiles Incoming => incoming;

    /// <summary>What is larger goes up in parts; smaller in tests, so that they need no gigabytes.</summary>
    internal long PieceLimit { get; init; } = LargestPiece;

    public async Task<PlacedFile?> FindAsync(string digest, CancellationToken cancellationToken)
    {
        var request = new GetObjectMetadataRequest { BucketName = bucket.Bucket, Key = KeyOf(digest), ChecksumMode = ChecksumMode.ENABLED };
        var answer = await AskOrNullAsync(stop => server.GetObjectMetadataAsync(request, stop), cancellationToken);
        return answer is null ? null : new PlacedFile(digest, answer.ContentLength, answer.ETag, InstantOf(answer.LastModified), ToldSha256(answer));
    }

    public async Task<OpenedFile?> OpenAsync(string digest, CancellationToken cancellationToken) =>
        await FindAsync(digest, cancellationToken) is { } file
            ? new OpenedFile(file, new BucketContent(file.Length, (position, stop) => ReadAsync(file, position, stop)))
            : null;

    public async Task<PlacedFile> PutAsync(string path, string digest, CancellationToken cancellationToken)
    {
        if (new FileInfo(path).Length <= PieceLimit)
        {
            var request = new PutObjectRequest
            {
                BucketName = bucket.Bucket,
                Key = KeyOf(digest),
                FilePath = path,
                ChecksumSHA256 = Convert.ToBase64String(Convert.FromHexString(digest)),
                UseChunkEncoding = false,
            };
            await AskAsync(stop => server.PutObjectAsync(request, stop), UploadLimit, cancellationToken);
        }
        else
        {
            await PutInPartsAsync(path, KeyOf(digest), cancellationToken);
        }

        return await FindPlacedAsync(digest, cancellationToken);
    }

    /// <summary>S3 knows no other way to make an object young than to copy it onto itself; what is too large for that keeps its age.</summary>
    public async Task<PlacedFile> RenewAsync(PlacedFile file, CancellationToken cancellationToken)
    {
        if (file.Length > LargestPiece)
        {
            return file;
        }

        await CopyAsync(KeyOf(file.Digest), KeyOf(file.Digest), cancellationToken);
        return await FindPlacedAsync(file.Digest, cancellationToken);
    }

    public async Task SetAsideAsync(string digest, CancellationToken cancellationToken)
    {
        await CopyAsync(KeyOf(digest), $"{bucket.Prefix}damaged/{digest}", cancellationToken);
        await DeleteAsync(digest, cancellationToken);
    }

    public Task DeleteAsync(string digest, CancellationToken cancellationToken) =>
        AskAsync(stop => server.DeleteObjectAsync(bucket.Bucket, KeyOf(digest), stop), AnswerLimit, cancellationToken);

    public async IAsyncEnumerable<PlacedFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = bucket.Bucket, Prefix = bucket.Prefix };
        do
        {
            var page = await AskAsync(stop => server.ListObjectsV2Async(request, stop), AnswerLimit, cancellationToken);
            foreach (var item in page.S3Objects ?? [])
            {
                if (Digest.Read(item.Key[(item.Key.LastIndexOf('/') + 1)..]) is { } digest && item.Key == KeyOf(digest))
                {
                    yield return new PlacedFile(digest, item.Size ?? 0, item.ETag, InstantOf(item.LastModified));
                }
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (request.ContinuationToken is not null);
    }

    public void Dispose() => server.Dispose();

    private string KeyOf(string digest) => $"{bucket.Prefix}{digest[..2]}/{digest}";

    private static DateTimeOffset InstantOf(DateTime? lastModified) =>
        lastModified is { } instant ? new DateTimeOffset(instant.ToUniversalTime()) : DateTimeOffset.MaxValue;

    /// <summary>The digest of the whole; what went up in parts has only one of its parts' digests.</summary>
    private static string? ToldSha256(GetObjectMetadataResponse answer) =>
        answer.ChecksumSHA256 is { Length: > 0 } told && !told.Contains('-', StringComparison.Ordinal) && answer.ChecksumType != ChecksumType.COMPOSITE
            ? Convert.ToHexStringLower(Convert.FromBase64String(told))
            : null;

    private async Task<PlacedFile> FindPlacedAsync(string digest, CancellationToken cancellationToken) =>
        await FindAsync(digest, cancellationToken) ?? throw new ArtifactsUnavailableException($"The artifact store {bucket} took a file and does not have it.");

    private async Task<Stream> ReadAsync(PlacedFile file, long position, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest
        {
            BucketName = bucket.Bucket,
            Key = KeyOf(file.Digest),
            EtagToMatch = file.Stamp,

            // Also for the whole: of that the library would compare MD5 with the ETag, which other servers make otherwise.
            ByteRange = new ByteRange(position, file.Length - 1),
        };
        return (await AskAsync(stop => server.GetObjectAsync(request, stop), AnswerLimit, cancellationToken)).ResponseStream;
    }

    private Task<CopyObjectResponse> CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var request = new CopyObjectRequest
        {
            SourceBucket = bucket.Bucket,
            SourceKey = from,
            DestinationBucket = bucket.Bucket,
            DestinationKey = to,
            MetadataDirective = S3MetadataDirective.REPLACE,
        };
        return AskAsync(stop => server.CopyObjectAsync(request, stop), UploadLimit, cancellationToken);
    }

    private async Task PutInPartsAsync(string path, string key, CancellationToken cancellationToken)
    {
        var upload = (await AskAsync(stop => server.InitiateMultipartUploadAsync(bucket.Bucket, key, stop), AnswerLimit, cancellationToken)).UploadId;
        try
        {
            var request = new CompleteMultipartUploadRequest { BucketName = bucket.Bucket, Key = key, UploadId = upload, PartETags = [] };
            foreach (var part in Parts(path, key, upload))
            {
                var answer = await AskAsync(stop => server.UploadPartAsync(part, stop), UploadLimit, cancellationToken);
                request.PartETags.Add(new PartETag(part.PartNumber ?? 0, answer.ETag));
            }

            await AskAsync(stop => server.CompleteMultipartUploadAsync(request, stop), UploadLimit, cancellationToken);
        }
        catch
        {
            // Parts cost money until somebody gives them up; the caller's token may have fired already.
            await AskAsync(stop => server.AbortMultipartUploadAsync(bucket.Bucket, key, upload, stop), AnswerLimit, CancellationToken.None);
            throw;
        }
    }

    private IEnumerable<UploadPartRequest> Parts(string path, string key, string upload)
    {
        var length = new FileInfo(path).Length;
        var size = Math.Min(PartSize, PieceLimit);
        for (var number = 1; (number - 1) * size < length; number++)
        {
            var position = (number - 1) * size;
            yield return new UploadPartRequest
            {
                BucketName = bucket.Bucket,
                Key = key,
                UploadId = upload,
                PartNumber = number,
                FilePath = path,
                FilePosition = position,
                PartSize = Math.Min(size, length - position),
                UseChunkEncoding = false,
            };
        }
    }

    private async Task<T?> AskOrNullAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await AskAsync(call, AnswerLimit, cancellationToken);
        }
        catch (ArtifactsUnavailableException away) when (away.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" })
        {
            return null;
        }
    }

    /// <summary>Calls the server within a bound and says in one sentence why it did not do it.</summary>
    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(limit);
        try
        {
            return await call(late.Token);
        }
        catch (AmazonServiceException refused) when (refused.StatusCode >= HttpStatusCode.Ambiguous)
        {
            throw new ArtifactsUnavailableException($"The artifact store {bucket} answered {(int)refused.StatusCode} ({refused.ErrorCode}); try again when it is well.", refused);
        }
        catch (Exception fault) when (fault is AmazonServiceException or AmazonClientException or HttpRequestException or IOException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ArtifactsUnavailableException($"The artifact store {bucket} cannot be reached; try again when it is there.", fault);
        }
    }
}
