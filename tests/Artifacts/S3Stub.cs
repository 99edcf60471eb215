using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Refinery.Tests.Artifacts;

/// <summary>An S3 server with one bucket in memory, addressed by path; it refuses what is not signed with its secret.</summary>
/// <remarks>Source: Amazon S3 API reference, for the actions that the store calls.</remarks>
internal sealed class S3Stub : IAsyncDisposable
{
    public const string Bucket = "wheels";
    public const string AccessKey = "test-key";
    public const string Secret = "test-secret";

    private const int PageSize = 2;

    private readonly ConcurrentDictionary<string, StoredObject> objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<int, byte[]>> uploads = new(StringComparer.Ordinal);
    private readonly LoopbackServer server;
    private readonly TimeProvider clock;

    public S3Stub(TimeProvider clock)
    {
        this.clock = clock;
        server = new LoopbackServer(AnswerAsync);
    }

    public string Root => server.Root;

    /// <summary>False for a server that keeps no checksums, as some others than Amazon's.</summary>
    public bool TellsChecksums { get; set; } = true;

    /// <summary>What was asked: the action's method, the key and the range.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Called with what is asked before it is answered.</summary>
    public Action<string>? Before { get; set; }

    /// <summary>Uploads in parts that were neither completed nor given up.</summary>
    public int OpenUploads => uploads.Count;

    public IReadOnlyCollection<string> Keys => [.. objects.Keys];

    /// <summary>Lets the client library find its credentials as a person gives them; every test of this process gives the same.</summary>
    public static void SetCredentials()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", Secret);
    }

    public Task StartAsync() => server.StartAsync();

    /// <summary>Puts other bytes under a key, as another program would.</summary>
    public void Overwrite(string key, byte[] content) => objects[key] = Stored(content);

    /// <summary>Takes a key away, as another program would.</summary>
    public void Remove(string key) => objects.TryRemove(key, out _);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var body = buffer.ToArray();
        var path = context.Request.Path.Value!.Split('/', 3);
        var key = path.Length > 2 ? path[2] : string.Empty;
        Asked.Enqueue($"{context.Request.Method} {key} {context.Request.Headers.Range}".TrimEnd());
        Before?.Invoke($"{context.Request.Method} {key}");
        if (S3Signature.Fault(context.Request, body, AccessKey, Secret) is { } fault)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, fault);
            return;
        }

        if (path[1] != Bucket)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "NoSuchBucket");
            return;
        }

        var query = context.Request.Query;
        await ((context.Request.Method, query.ContainsKey("uploadId")) switch
        {
            ("GET", false) when key.Length == 0 => ListAsync(context),
            ("GET" or "HEAD", false) => GetAsync(context, key),
            ("PUT", true) => PutPartAsync(context, body),
            ("PUT", false) when context.Request.Headers.ContainsKey("x-amz-copy-source") => CopyAsync(context, key),
            ("PUT", false) => PutAsync(context, key, body),
            ("DELETE", true) => AbortAsync(context),
            ("DELETE", false) => DeleteAsync(context, key),
            ("POST", true) => CompleteAsync(context, key, body),
            ("POST", false) when query.ContainsKey("uploads") => InitiateAsync(context, key),
            _ => RefuseAsync(context, StatusCodes.Status501NotImplemented, "NotImplemented"),
        });
    }

    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var after = query["continuation-token"].ToString();
        var keys = objects.Keys.Where(key => key.StartsWith(query["prefix"].ToString(), StringComparison.Ordinal) && string.CompareOrdinal(key, after) > 0)
            .Order(StringComparer.Ordinal).ToList();
        var page = keys.Take(PageSize).Where(objects.ContainsKey).Select(key => new XElement("Contents",
            new XElement("Key", key), new XElement("Size", objects[key].Content.Length), new XElement("ETag", objects[key].ETag),
            new XElement("LastModified", objects[key].LastModified.ToString("yyyy-MM-ddTHH:mm:ss.000Z", CultureInfo.InvariantCulture))));
        return WriteAsync(context, new XElement("ListBucketResult", new XElement("IsTruncated", keys.Count > PageSize ? "true" : "false"),
            keys.Count > PageSize ? new XElement("NextContinuationToken", keys[PageSize - 1]) : null, page));
    }

    private async Task GetAsync(HttpContext context, string key)
    {
        var (request, response) = (context.Request, context.Response);
        if (!objects.TryGetValue(key, out var found))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "NoSuchKey");
            return;
        }

        if (request.Headers.IfMatch is [{ } wanted] && wanted.Trim('"') != found.ETag.Trim('"'))
        {
            await RefuseAsync(context, StatusCodes.Status412PreconditionFailed, "PreconditionFailed");
            return;
        }

        response.Headers.ETag = found.ETag;
        response.Headers.LastModified = found.LastModified.ToString("R", CultureInfo.InvariantCulture);
        if (TellsChecksums && found.Sha256 is { } sha256 && request.Headers["x-amz-checksum-mode"] == "ENABLED")
        {
            response.Headers["x-amz-checksum-sha256"] = sha256;
            response.Headers["x-amz-checksum-type"] = "FULL_OBJECT";
        }

        var content = found.Content.AsMemory();
        if (RangeHeaderValue.TryParse(request.Headers.Range, out var range))
        {
            var (from, to) = ((int)range.Ranges.First().From!, (int)range.Ranges.First().To!);
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
            content = content[from..(to + 1)];
        }

        response.ContentLength = content.Length;
        if (request.Method == "GET")
        {
            await response.Body.WriteAsync(content);
        }
    }

    private Task PutAsync(HttpContext context, string key, byte[] body)
    {
        var stored = Stored(body);
        if (context.Request.Headers["x-amz-checksum-sha256"] is [{ } told] && told != stored.Sha256)
        {
            return RefuseAsync(context, StatusCodes.Status400BadRequest, "BadDigest");
        }

        objects[key] = stored;
        context.Response.Headers.ETag = stored.ETag;
        return Task.CompletedTask;
    }

    private Task CopyAsync(HttpContext context, string key)
    {
        var from = Uri.UnescapeDataString(context.Request.Headers["x-amz-copy-source"].ToString()).TrimStart('/').Split('/', 2)[1];
        if (!objects.TryGetValue(from, out var found))
        {
            return RefuseAsync(context, StatusCodes.Status404NotFound, "NoSuchKey");
        }

        objects[key] = found with { LastModified = clock.GetUtcNow() };
        return WriteAsync(context, new XElement("CopyObjectResult", new XElement("ETag", found.ETag)));
    }

    private Task DeleteAsync(HttpContext context, string key)
    {
        objects.TryRemove(key, out _);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task InitiateAsync(HttpContext context, string key)
    {
        var id = Guid.NewGuid().ToString("N");
        uploads[id] = [];
        return WriteAsync(context, new XElement("InitiateMultipartUploadResult", new XElement("Bucket", Bucket), new XElement("Key", key), new XElement("UploadId", id)));
    }

    private Task PutPartAsync(HttpContext context, byte[] body)
    {
        uploads[context.Request.Query["uploadId"].ToString()][int.Parse(context.Request.Query["partNumber"].ToString())] = body;
        context.Response.Headers.ETag = Stored(body).ETag;
        return Task.CompletedTask;
    }

    private Task CompleteAsync(HttpContext context, string key, byte[] body)
    {
        if (!uploads.TryRemove(context.Request.Query["uploadId"].ToString(), out var parts))
        {
            return RefuseAsync(context, StatusCodes.Status404NotFound, "NoSuchUpload");
        }

        var named = XDocument.Parse(Encoding.UTF8.GetString(body)).Descendants().Where(element => element.Name.LocalName == "Part")
            .Select(part => parts[int.Parse(part.Elements().Single(element => element.Name.LocalName == "PartNumber").Value)]).ToList();
        var whole = Stored([.. named.SelectMany(part => part)]);
        objects[key] = whole with { ETag = $"{whole.ETag[..^1]}-{named.Count}\"", Sha256 = null };
        return WriteAsync(context, new XElement("CompleteMultipartUploadResult", new XElement("Bucket", Bucket), new XElement("Key", key), new XElement("ETag", objects[key].ETag)));
    }

    private Task AbortAsync(HttpContext context)
    {
        uploads.TryRemove(context.Request.Query["uploadId"].ToString(), out _);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private StoredObject Stored(byte[] content)
    {
        var sha256 = SHA256.HashData(content);
        return new StoredObject(content, $"\"{Convert.ToHexStringLower(sha256)[..32]}\"", Convert.ToBase64String(sha256), clock.GetUtcNow());
    }

    private static Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        return context.Request.Method == "HEAD"
            ? Task.CompletedTask
            : WriteAsync(context, new XElement("Error", new XElement("Code", code), new XElement("Message", $"{code}."), new XElement("RequestId", "1")));
    }

    private static Task WriteAsync(HttpContext context, XElement answer)
    {
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{answer}");
    }

    /// <summary>An object; one that went up in parts has no digest of the whole.</summary>
    private sealed record StoredObject(byte[] Content, string ETag, string? Sha256, DateTimeOffset LastModified);
}
