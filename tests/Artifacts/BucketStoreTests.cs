using Amazon.S3;
using Refinery.Artifacts;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Artifacts;

/// <summary>The store over a bucket.</summary>
public class BucketStoreTests : ArtifactStoreContract
{
    private protected S3Stub Server { get; private set; } = null!;

    internal override async Task<IArtifactPlace> OpenPlaceAsync(IncomingFiles incoming)
    {
        Server = new S3Stub(Clock);
        await Server.StartAsync();
        return Connect(incoming, S3Stub.Secret);
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Server.DisposeAsync();
    }

    protected override Task DamageAsync(string sha256, byte[] content)
    {
        Server.Overwrite(KeyOf(sha256), content);
        return Task.CompletedTask;
    }

    protected override IEnumerable<string> SetAside() =>
        Server.Keys.Where(key => key.StartsWith("some/prefix/damaged/", StringComparison.Ordinal)).Select(key => key["some/prefix/damaged/".Length..]);

    [Fact]
    public async Task A_wrong_secret_is_told_as_the_server_told_it()
    {
        using var place = Connect(new IncomingFiles(Folder.File("other"), TimeSpan.Zero, new Ids(Clock), Clock), "wrong-secret");
        await StoreAsync([1]);

        var refused = await Assert.ThrowsAsync<ArtifactsUnavailableException>(() => place.DeleteAsync(ShaOf([1]), CancellationToken.None));

        Assert.Equal("The artifact store s3://wheels/some/prefix/ answered 403 (SignatureDoesNotMatch); try again when it is well.", refused.Message);
        Assert.Contains(KeyOf(ShaOf([1])), Server.Keys);
    }

    [Fact]
    public async Task A_large_file_goes_up_in_parts_and_a_refused_one_leaves_none()
    {
        byte[] content = [.. Enumerable.Range(0, 100_000).Select(number => (byte)number)];
        var path = Folder.File("large");
        await File.WriteAllBytesAsync(path, content);
        using var place = Connect(new IncomingFiles(Folder.File("other"), TimeSpan.Zero, new Ids(Clock), Clock), S3Stub.Secret, pieceLimit: 30_000);
        using var lost = new CancellationTokenSource();

        await place.PutAsync(path, ShaOf(content), CancellationToken.None);
        await lost.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.PutAsync(path, ShaOf(content), lost.Token));

        Assert.Equal(4, Server.Asked.Count(asked => asked == $"PUT {KeyOf(ShaOf(content))}"));
        Assert.Equal(content, await ReadAsync(NewStore(), ShaOf(content)));
        Assert.Equal(0, Server.OpenUploads);
    }

    [Fact]
    public async Task A_server_that_is_away_is_told_in_one_sentence()
    {
        await Server.DisposeAsync();

        var away = await Assert.ThrowsAsync<ArtifactsUnavailableException>(() => StoreAsync([1]));

        Assert.Equal("The artifact store s3://wheels/some/prefix/ cannot be reached; try again when it is there.", away.Message);
    }

    protected static string KeyOf(string sha256) => $"some/prefix/{sha256[..2]}/{sha256}";

    private BucketPlace Connect(IncomingFiles incoming, string secret, long pieceLimit = BucketPlace.LargestPiece)
    {
        var client = new AmazonS3Client(S3Stub.AccessKey, secret, ArtifactPlaces.Config(new ArtifactOptions { S3Endpoint = Server.Root }));
        return new BucketPlace(client, new BucketName(S3Stub.Bucket, "some/prefix/"), incoming) { PieceLimit = pieceLimit };
    }
}

/// <summary>The store over a bucket whose server tells no checksums, so that each object is read once before it is given.</summary>
public sealed class PlainBucketStoreTests : BucketStoreTests
{
    internal override async Task<IArtifactPlace> OpenPlaceAsync(IncomingFiles incoming)
    {
        var place = await base.OpenPlaceAsync(incoming);
        Server.TellsChecksums = false;
        return place;
    }

    [Fact]
    public async Task What_another_takes_away_while_it_is_checked_is_not_there()
    {
        await StoreAsync([1]);
        await DamageAsync(ShaOf([1]), [2]);
        Server.Before = asked => Once(asked, () => Server.Remove(KeyOf(ShaOf([1]))));

        Assert.Null(await NewStore().OpenAsync(ShaOf([1]), CancellationToken.None));
    }

    [Fact]
    public async Task What_another_stores_anew_while_it_is_checked_is_given()
    {
        await StoreAsync([1]);
        await DamageAsync(ShaOf([1]), [2]);
        Server.Before = asked => Once(asked, () => Server.Overwrite(KeyOf(ShaOf([1])), [1]));

        Assert.Equal([1], await ReadAsync(NewStore(), ShaOf([1])));
    }

    /// <summary>Acts between the look at the file and the reading of it.</summary>
    private void Once(string asked, Action act)
    {
        if (asked.StartsWith("GET ", StringComparison.Ordinal))
        {
            Server.Before = null;
            act();
        }
    }
}
