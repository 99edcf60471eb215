using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Artifacts;

/// <summary>Files under their digests: over HTTP, on the disk, and after a crash.</summary>
public sealed class ArtifactFileTests
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("the content of a wheel");
    private static readonly string Sha = Convert.ToHexStringLower(SHA256.HashData(Content));
    private static readonly string Address = $"/api/artifacts/sha256/{Sha}";

    [Fact]
    public async Task A_file_is_stored_under_its_digest_and_fetched_again()
    {
        await using var host = await RefineryHost.StartAsync();

        using var stored = await host.Http.PutAsync(Address, new ByteArrayContent(Content));
        using var again = await host.Http.PutAsync(Address, new ByteArrayContent(Content));
        using var fetched = await host.Http.GetAsync(Address);

        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(Content, await fetched.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{Sha}\"", fetched.Headers.ETag?.Tag);
        Assert.False(fetched.Headers.ETag?.IsWeak);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Path.Combine(host.DataDirectory, "artifacts", Sha[..2], Sha)));
    }

    [Fact]
    public async Task A_range_is_answered_in_part_and_a_known_tag_with_304()
    {
        await using var host = await RefineryHost.StartAsync();
        using var stored = await host.Http.PutAsync(Address, new ByteArrayContent(Content));

        using var part = await SendAsync(host, HttpMethod.Get, headers => headers.Range = new RangeHeaderValue(4, 10));
        using var outside = await SendAsync(host, HttpMethod.Get, headers => headers.Range = new RangeHeaderValue(4000, null));
        using var known = await SendAsync(host, HttpMethod.Get, headers => headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{Sha}\"")));
        using var head = await SendAsync(host, HttpMethod.Head, _ => { });

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal("content", await part.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, outside.StatusCode);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Equal(Content.Length, head.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task A_wrong_digest_stores_nothing()
    {
        await using var host = await RefineryHost.StartAsync();
        var other = new string('a', 64);

        using var refused = await host.Http.PutAsync($"/api/artifacts/sha256/{other}", new ByteArrayContent(Content));
        using var fetched = await host.Http.GetAsync($"/api/artifacts/sha256/{other}");
        using var byContent = await host.Http.GetAsync(Address);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, fetched.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, byContent.StatusCode);
        Assert.Empty(Files(host.DataDirectory));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public async Task What_is_no_digest_is_refused(string digest)
    {
        await using var host = await RefineryHost.StartAsync();

        using var put = await host.Http.PutAsync($"/api/artifacts/sha256/{digest}", new ByteArrayContent(Content));
        using var get = await host.Http.GetAsync($"/api/artifacts/sha256/{digest}");

        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_beyond_the_limit_is_refused_and_leaves_nothing(bool saysItsLength)
    {
        await using var host = await RefineryHost.StartAsync(("ARTIFACT_MAX_MB", "1"));
        var large = new byte[(1 << 20) + 1];
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/artifacts/sha256/{Convert.ToHexStringLower(SHA256.HashData(large))}")
        {
            Content = new StreamContent(new MemoryStream(large)),
        };
        request.Headers.TransferEncodingChunked = !saysItsLength;

        using var refused = await host.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Empty(Files(host.DataDirectory));
    }

    [Fact]
    public async Task A_file_beyond_the_usual_limit_of_a_body_is_stored()
    {
        await using var host = await RefineryHost.StartAsync();
        var large = new byte[11 << 20];
        var sha = Convert.ToHexStringLower(SHA256.HashData(large));

        using var stored = await host.Http.PutAsync($"/api/artifacts/sha256/{sha}", new ByteArrayContent(large));

        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
    }

    [Fact]
    public async Task What_a_crash_left_half_written_is_gone_after_the_next_start()
    {
        using var folder = new TemporaryFolder();
        var incoming = Directory.CreateDirectory(Path.Combine(folder.Path, "artifacts", "incoming")).FullName;
        await File.WriteAllTextAsync(Path.Combine(incoming, "artifact-half"), "half");

        var host = await RefineryHost.StartAsync(folder);
        var left = Files(folder.Path);
        await host.StopAsync();

        Assert.Empty(left);
    }

    [Fact]
    public async Task Modules_store_and_open_by_the_same_names()
    {
        await using var host = await RefineryHost.StartAsync();
        var artifacts = host.Services.GetRequiredService<IArtifacts>();

        var stored = await artifacts.StoreAsync(new MemoryStream(Content), expectedSha256: null, CancellationToken.None);
        var refused = await artifacts.StoreAsync(new MemoryStream(Content), new string('0', 64), CancellationToken.None);
        await using var opened = await artifacts.OpenAsync(Sha, CancellationToken.None);

        Assert.Equal(new StoredArtifact(Sha, Content.Length), stored);
        Assert.Null(refused);
        Assert.Equal(Content.Length, opened?.Length);
        Assert.Null(await artifacts.OpenAsync(new string('0', 64), CancellationToken.None));
    }

    [Fact]
    public async Task Many_writers_of_one_content_keep_one_file()
    {
        await using var host = await RefineryHost.StartAsync();
        var artifacts = host.Services.GetRequiredService<IArtifacts>();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => artifacts.StoreAsync(new MemoryStream(Content), Sha, CancellationToken.None)));

        Assert.Single(Files(host.DataDirectory));
    }

    private static string[] Files(string data) => Directory.Exists(Path.Combine(data, "artifacts"))
        ? Directory.GetFiles(Path.Combine(data, "artifacts"), "*", SearchOption.AllDirectories)
        : [];

    private static async Task<HttpResponseMessage> SendAsync(RefineryHost host, HttpMethod method, Action<HttpRequestHeaders> set)
    {
        using var request = new HttpRequestMessage(method, Address);
        set(request.Headers);
        return await host.Http.SendAsync(request);
    }
}
