using System.Net;
using System.Security.Cryptography;

namespace Refinery.Tests.Artifacts;

/// <summary>A wrong ARTIFACT_STORE ends the start with one sentence that names the variable.</summary>
public sealed class StoreOptionsTests
{
    [Theory]
    [InlineData("relative/folder", "", "ARTIFACT_STORE is 'relative/folder'; an absolute path such as /srv/refinery/artifacts, or s3://bucket/prefix, is expected.")]
    [InlineData("s3://", "", "ARTIFACT_STORE is 's3://'; an absolute path such as /srv/refinery/artifacts, or s3://bucket/prefix, is expected.")]
    [InlineData("s3://Big_Bucket/x", "", "ARTIFACT_STORE is 's3://Big_Bucket/x'; an absolute path such as /srv/refinery/artifacts, or s3://bucket/prefix, is expected.")]
    [InlineData("s3://wheels/x", "ftp://host", "S3_ENDPOINT is 'ftp://host'; the address of an S3 server, for example http://minio:9000, is expected.")]
    [InlineData("s3://wheels/x", "", "AWS_REGION is unset; for ARTIFACT_STORE 's3://wheels/x' the bucket's region such as eu-central-1, or S3_ENDPOINT, is expected.")]
    [InlineData("/proc/nowhere", "", "The folder '/proc/nowhere/incoming' of ARTIFACT_STORE cannot be made or written; one that this user may write is expected.")]
    public async Task A_wrong_setting_is_one_sentence(string store, string endpoint, string sentence)
    {
        using var folder = new TemporaryFolder();
        await using var run = HostRun.Start(folder, [], ("ARTIFACT_STORE", store), ("S3_ENDPOINT", endpoint), ("AWS_REGION", ""));

        var exit = await run.ExitAsync();

        Assert.Equal(1, exit);
        Assert.Equal(sentence, run.Errors.TrimEnd());
    }

    [Fact]
    public async Task A_folder_that_is_named_keeps_the_files_of_every_host_that_names_it()
    {
        using var shared = new TemporaryFolder();
        var content = new ByteArrayContent([1, 2, 3]);
        var address = $"/api/artifacts/sha256/{Convert.ToHexStringLower(SHA256.HashData([1, 2, 3]))}";
        await using var one = await RefineryHost.StartAsync(("ARTIFACT_STORE", shared.File("deep/down")));
        await using var other = await RefineryHost.StartAsync(("ARTIFACT_STORE", shared.File("deep/down")));

        using var stored = await one.Http.PutAsync(address, content);
        var fetched = await other.Http.GetByteArrayAsync(address);

        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Equal(3, fetched.Length);
        Assert.False(Directory.Exists(Path.Combine(one.DataDirectory, "artifacts")));
    }
}
