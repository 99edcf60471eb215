using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Artifacts;

/// <summary>How a stored file is fetched over HTTP, wherever it lies. Source: RFC 9110, sections 13 and 14.</summary>
public abstract class ArtifactFetchContract : IAsyncLifetime
{
    private const int Length = 200_000;

    private static readonly byte[] Content = [.. Enumerable.Range(0, Length).Select(number => (byte)(number / 7))];
    private static readonly string Sha = Convert.ToHexStringLower(SHA256.HashData(Content));
    private static readonly string Address = $"/api/artifacts/sha256/{Sha}";

    private protected RefineryHost Host { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Host = await RefineryHost.StartAsync(await SettingsAsync());
        using var stored = await Host.Http.PutAsync(Address, new ByteArrayContent(Content));
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
    }

    public virtual async Task DisposeAsync() => await Host.DisposeAsync();

    protected abstract Task<(string Name, string Value)[]> SettingsAsync();

    protected abstract Task DamageAsync(string sha256);

    [Fact]
    public async Task The_whole_comes_with_its_length_its_tag_and_word_of_ranges()
    {
        using var whole = await SendAsync(HttpMethod.Get);

        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(Content, await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal(Length, whole.Content.Headers.ContentLength);
        Assert.Equal("application/octet-stream", whole.Content.Headers.ContentType?.ToString());
        Assert.Equal($"\"{Sha}\"", whole.Headers.ETag?.ToString());
        Assert.Equal("bytes", whole.Headers.AcceptRanges.ToString());
    }

    [Fact]
    public async Task Head_says_the_same_without_the_bytes()
    {
        using var head = await SendAsync(HttpMethod.Head);

        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(Length, head.Content.Headers.ContentLength);
        Assert.Equal($"\"{Sha}\"", head.Headers.ETag?.ToString());
        Assert.Equal("bytes", head.Headers.AcceptRanges.ToString());
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 0)]
    [InlineData("bytes=4-10", 4, 10)]
    [InlineData("bytes=70000-150000", 70_000, 150_000)]
    [InlineData("bytes=199999-", 199_999, 199_999)]
    [InlineData("bytes=100000-", 100_000, 199_999)]
    [InlineData("bytes=-5", 199_995, 199_999)]
    [InlineData("bytes=-999999", 0, 199_999)]
    [InlineData("bytes=150000-999999", 150_000, 199_999)]
    public async Task A_range_is_answered_with_just_these_bytes(string range, int from, int to)
    {
        using var part = await SendAsync(HttpMethod.Get, ("Range", range));

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal($"bytes {from}-{to}/{Length}", part.Content.Headers.ContentRange?.ToString());
        Assert.Equal(Content[from..(to + 1)], await part.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{Sha}\"", part.Headers.ETag?.ToString());
    }

    [Theory]
    [InlineData("bytes=200000-")]
    [InlineData("bytes=999999-9999999")]
    [InlineData("bytes=-0")]
    public async Task A_range_outside_is_refused_and_told_the_length(string range)
    {
        using var outside = await SendAsync(HttpMethod.Get, ("Range", range));

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, outside.StatusCode);
        Assert.Equal($"bytes */{Length}", outside.Content.Headers.ContentRange?.ToString());
    }

    [Theory]
    [InlineData("bytes=5-2")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=x")]
    [InlineData("bytes=0-1,5-6")]
    public async Task A_range_that_cannot_be_read_or_is_many_is_answered_with_the_whole(string range)
    {
        using var whole = await SendAsync(HttpMethod.Get, ("Range", range));

        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(Length, (await whole.Content.ReadAsByteArrayAsync()).Length);
    }

    [Theory]
    [InlineData("\"{0}\"", HttpStatusCode.NotModified)]
    [InlineData("\"other\", \"{0}\"", HttpStatusCode.NotModified)]
    [InlineData("W/\"{0}\"", HttpStatusCode.NotModified)]
    [InlineData("*", HttpStatusCode.NotModified)]
    [InlineData("\"other\"", HttpStatusCode.OK)]
    public async Task A_known_tag_needs_no_bytes(string tag, HttpStatusCode status)
    {
        using var answer = await SendAsync(HttpMethod.Get, ("If-None-Match", string.Format(tag, Sha)));

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK ? Length : 0, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    [Theory]
    [InlineData("\"{0}\"", HttpStatusCode.PartialContent)]
    [InlineData("\"other\"", HttpStatusCode.OK)]
    public async Task A_range_counts_only_for_the_tag_it_is_of(string tag, HttpStatusCode status)
    {
        using var answer = await SendAsync(HttpMethod.Get, ("Range", "bytes=0-9"), ("If-Range", string.Format(tag, Sha)));

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK ? Length : 10, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("bytes=0-3")]
    public async Task Damaged_content_is_one_sentence_until_it_is_stored_again(string? range)
    {
        await DamageAsync(Sha);

        using var damaged = await SendAsync(HttpMethod.Get, ("Range", range));
        using var head = await SendAsync(HttpMethod.Head);
        var error = JsonDocument.Parse(await damaged.Content.ReadAsStringAsync()).RootElement;
        using var stored = await Host.Http.PutAsync(Address, new ByteArrayContent(Content));
        using var whole = await SendAsync(HttpMethod.Get);

        Assert.Equal(HttpStatusCode.NotFound, damaged.StatusCode);
        Assert.Equal($"The content stored under '{Sha}' was damaged and was set aside; store it again.", error.GetProperty("detail").GetString());
        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Equal(Content, await whole.Content.ReadAsByteArrayAsync());
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Address);
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await Host.Http.SendAsync(request);
    }
}

/// <summary>Files fetched out of the folder in DATA_DIR.</summary>
public sealed class FolderFetchTests : ArtifactFetchContract
{
    protected override Task<(string Name, string Value)[]> SettingsAsync() => Task.FromResult<(string, string)[]>([]);

    protected override Task DamageAsync(string sha256) =>
        File.WriteAllTextAsync(Path.Combine(Host.DataDirectory, "artifacts", sha256[..2], sha256), "damaged");
}

/// <summary>Files fetched out of a bucket.</summary>
public sealed class BucketFetchTests : ArtifactFetchContract
{
    private S3Stub Server { get; } = new(TimeProvider.System);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Server.DisposeAsync();
    }

    protected override async Task<(string Name, string Value)[]> SettingsAsync()
    {
        S3Stub.SetCredentials();
        await Server.StartAsync();
        return [("ARTIFACT_STORE", $"s3://{S3Stub.Bucket}/wheels"), ("S3_ENDPOINT", Server.Root)];
    }

    protected override Task DamageAsync(string sha256)
    {
        Server.Overwrite($"wheels/{sha256[..2]}/{sha256}", Encoding.UTF8.GetBytes("damaged"));
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_range_is_passed_on_to_the_server()
    {
        var key = Assert.Single(Server.Keys);
        Server.Asked.Clear();

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/artifacts/sha256/{key[^64..]}") { Headers = { Range = new RangeHeaderValue(150_000, 150_009) } };
        using var part = await Host.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal([$"HEAD {key}", $"GET {key} bytes=150000-199999"], Server.Asked);
    }

    [Fact]
    public async Task A_server_that_is_away_is_503_and_a_wrong_digest_is_told_without_it()
    {
        var key = Assert.Single(Server.Keys);
        await Server.DisposeAsync();

        using var get = await Host.Http.GetAsync($"/api/artifacts/sha256/{key[^64..]}");
        using var put = await Host.Http.PutAsync($"/api/artifacts/sha256/{key[^64..]}", new ByteArrayContent(new byte[200_000]));
        var error = JsonDocument.Parse(await get.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, get.StatusCode);
        Assert.Equal("The artifact store s3://wheels/wheels/ cannot be reached; try again when it is there.", error.GetProperty("detail").GetString());
        Assert.NotNull(get.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
    }
}
