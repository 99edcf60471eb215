using Refinery.Artifacts;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Artifacts;

/// <summary>The store over a folder.</summary>
public sealed class FolderStoreTests : ArtifactStoreContract
{
    internal override Task<IArtifactPlace> OpenPlaceAsync(IncomingFiles incoming) =>
        Task.FromResult<IArtifactPlace>(new FolderPlace(Folder.Path, TimeSpan.Zero, new Ids(Clock), Clock));

    protected override Task DamageAsync(string sha256, byte[] content) =>
        File.WriteAllBytesAsync(Path.Combine(Folder.Path, sha256[..2], sha256), content);

    protected override IEnumerable<string> SetAside() =>
        Directory.Exists(Folder.File("damaged")) ? Directory.GetFiles(Folder.File("damaged")).Select(path => Path.GetFileName(path)) : [];

    [Fact]
    public async Task Who_reads_while_the_content_is_stored_again_reads_to_the_end()
    {
        var content = new byte[1 << 20];
        await StoreAsync(content);
        var store = NewStore();
        await using var reading = await store.OpenAsync(ShaOf(content), CancellationToken.None);
        var first = reading!.ReadByte();

        await StoreAsync(content);
        await store.DeleteAsync(ShaOf(content), CancellationToken.None);
        using var rest = new MemoryStream();
        await reading.CopyToAsync(rest);

        Assert.Equal(0, first);
        Assert.Equal(content.Length - 1, rest.Length);
    }

    [Fact]
    public void A_shared_folder_keeps_what_another_host_is_writing()
    {
        var incoming = Directory.CreateDirectory(Folder.File("incoming")).FullName;
        File.WriteAllText(Path.Combine(incoming, "fresh"), "half");
        File.SetLastWriteTimeUtc(Path.Combine(incoming, "fresh"), Clock.GetUtcNow().UtcDateTime.AddHours(-1));
        File.WriteAllText(Path.Combine(incoming, "left"), "half");
        File.SetLastWriteTimeUtc(Path.Combine(incoming, "left"), Clock.GetUtcNow().UtcDateTime.AddDays(-2));

        new FolderPlace(Folder.Path, TimeSpan.FromDays(1), new Ids(Clock), Clock).Incoming.Open();

        Assert.Equal(["fresh"], Directory.GetFiles(incoming).Select(path => Path.GetFileName(path)));
    }
}
