using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Artifacts;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Artifacts;

/// <summary>What the store does wherever its files lie.</summary>
public abstract class ArtifactStoreContract : IAsyncLifetime
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("the content of a wheel");
    private static readonly string Sha = ShaOf(Content);
    private IArtifactPlace? opened;

    internal ManualClock Clock { get; } = new();

    internal TemporaryFolder Folder { get; } = new();

    private IArtifactPlace Place => opened!;

    private ArtifactStore Store { get; set; } = null!;

    public async Task InitializeAsync()
    {
        opened = await OpenPlaceAsync(new IncomingFiles(Folder.File("incoming"), TimeSpan.Zero, new Ids(Clock), Clock));
        Store = NewStore();
        await Store.StartAsync(CancellationToken.None);
    }

    public virtual Task DisposeAsync()
    {
        Store.Dispose();
        Folder.Dispose();
        return Task.CompletedTask;
    }

    internal abstract Task<IArtifactPlace> OpenPlaceAsync(IncomingFiles incoming);

    /// <summary>Puts other bytes where those of a digest lie.</summary>
    protected abstract Task DamageAsync(string sha256, byte[] content);

    /// <summary>The digests of what was set aside.</summary>
    protected abstract IEnumerable<string> SetAside();

    [Fact]
    public async Task What_is_stored_is_opened_again()
    {
        var stored = await StoreAsync(Content);

        Assert.Equal(new StoredArtifact(Sha, Content.Length), stored);
        Assert.True(await Store.ContainsAsync(Sha, CancellationToken.None));
        Assert.Equal(Content, await ReadAsync(Store, Sha));
        Assert.Equal(Content, await ReadAsync(Store, Sha.ToUpperInvariant()));
        Assert.Equal(Content, await ReadAsync(NewStore(), Sha));
        Assert.Empty(Directory.GetFiles(Folder.File("incoming")));
    }

    [Fact]
    public async Task An_empty_file_and_a_large_one_are_stored()
    {
        var large = new byte[(3 << 20) + 7];
        Array.Fill(large, (byte)'x');

        await StoreAsync([]);
        await StoreAsync(large);

        Assert.Empty(await ReadAsync(NewStore(), ShaOf([])));
        Assert.Equal(large, await ReadAsync(NewStore(), ShaOf(large)));
    }

    [Fact]
    public async Task Another_digest_than_the_expected_one_stores_nothing()
    {
        var stored = await Store.StoreAsync(new MemoryStream(Content), new string('0', 64), CancellationToken.None);

        Assert.Null(stored);
        Assert.False(await Store.ContainsAsync(Sha, CancellationToken.None));
        Assert.Empty(await ListAsync());
        Assert.Empty(Directory.GetFiles(Folder.File("incoming")));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    public async Task What_is_not_stored_is_absent(string sha256)
    {
        Assert.Null(await Store.OpenAsync(sha256, CancellationToken.None));
        Assert.False(await Store.ContainsAsync(sha256, CancellationToken.None));
        Assert.False(await Store.RenewAsync(sha256, CancellationToken.None));
        Assert.False(Store.WasDamaged(sha256));
        await Store.DeleteAsync(sha256, CancellationToken.None);
    }

    [Fact]
    public async Task A_part_is_read_from_where_it_begins()
    {
        await StoreAsync(Content);
        await using var content = await Store.OpenAsync(Sha, CancellationToken.None);
        var part = new byte[7];

        content!.Seek(4, SeekOrigin.Begin);
        await content.ReadExactlyAsync(part);
        var end = content.Seek(-5, SeekOrigin.End);
        var last = await new StreamReader(content).ReadToEndAsync();

        Assert.Equal("content", Encoding.UTF8.GetString(part));
        Assert.Equal(Content.Length - 5, end);
        Assert.Equal("wheel", last);
        Assert.Equal(Content.Length, content.Length);
    }

    [Theory]
    [InlineData("the content of a whee1")]
    [InlineData("")]
    public async Task Damaged_content_is_given_to_nobody_and_may_be_stored_again(string damage)
    {
        await StoreAsync(Content);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await DamageAsync(Sha, Encoding.UTF8.GetBytes(damage));

        var damaged = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.OpenAsync(Sha, CancellationToken.None)));

        Assert.All(damaged, Assert.Null);
        Assert.True(Store.WasDamaged(Sha));
        Assert.False(await Store.ContainsAsync(Sha, CancellationToken.None));
        Assert.Equal([Sha], SetAside());
        await StoreAsync(Content);
        Assert.Equal(Content, await ReadAsync(Store, Sha));
        Assert.False(Store.WasDamaged(Sha));
    }

    [Fact]
    public async Task Storing_again_does_not_keep_a_damaged_file()
    {
        await StoreAsync(Content);
        await DamageAsync(Sha, Encoding.UTF8.GetBytes("other"));

        await StoreAsync(Content);

        Assert.Equal(Content, await ReadAsync(NewStore(), Sha));
        Assert.Empty(SetAside());
    }

    [Fact]
    public async Task The_audit_names_the_first_damaged_one_and_changes_nothing()
    {
        byte[][] contents = [.. Enumerable.Range(0, 5).Select(number => Encoding.UTF8.GetBytes($"{number}"))];
        foreach (var content in contents)
        {
            await StoreAsync(content);
        }

        var audit = new ArtifactAudit(Place);
        var good = await audit.FindFaultAsync(CancellationToken.None);
        var damaged = contents.Take(3).Select(ShaOf).Order(StringComparer.Ordinal).ToList();
        foreach (var sha256 in damaged)
        {
            await DamageAsync(sha256, [1, 2, 3]);
        }

        var fault = await audit.FindFaultAsync(CancellationToken.None);

        Assert.Null(good);
        Assert.Equal($"The artifact with the sha256 {damaged[0]} is damaged: its 3 bytes have another digest; store it again from a copy.", fault);
        Assert.Empty(SetAside());
        Assert.Equal(5, (await ListAsync()).Count);
    }

    [Fact]
    public async Task All_are_listed_by_their_digest_with_length_and_age()
    {
        byte[][] contents = [.. Enumerable.Range(0, 7).Select(number => new byte[number])];
        foreach (var content in contents)
        {
            await StoreAsync(content);
        }

        var listed = await ListAsync();

        Assert.Equal(contents.Select(ShaOf).Order(StringComparer.Ordinal), listed.Select(file => file.Digest));
        Assert.Equal(contents.Select(content => (long)content.Length).Order(), listed.Select(file => file.Length).Order());
        Assert.All(listed, file => Assert.Equal(Clock.GetUtcNow(), file.StoredAt));
    }

    [Fact]
    public async Task What_is_stored_again_or_renewed_is_young()
    {
        await StoreAsync(Content);
        await StoreAsync([1]);
        Clock.Advance(TimeSpan.FromHours(5));

        await StoreAsync(Content);
        var isRenewed = await Store.RenewAsync(ShaOf([1]), CancellationToken.None);

        Assert.True(isRenewed);
        Assert.All(await ListAsync(), file => Assert.Equal(Clock.GetUtcNow(), file.StoredAt));
        Assert.Equal(1, Assert.Single(await ReadAsync(Store, ShaOf([1]))));
    }

    [Fact]
    public async Task Only_what_is_old_is_deleted_by_age()
    {
        await StoreAsync(Content);
        var now = Clock.GetUtcNow();

        var young = await Store.DeleteOlderAsync(Sha, now, CancellationToken.None);
        var old = await Store.DeleteOlderAsync(Sha, now.AddSeconds(1), CancellationToken.None);
        var gone = await Store.DeleteOlderAsync(Sha, now.AddSeconds(1), CancellationToken.None);

        Assert.False(young);
        Assert.True(old);
        Assert.False(gone);
        Assert.Null(await Store.OpenAsync(Sha, CancellationToken.None));
    }

    [Fact]
    public async Task Storing_while_the_same_content_is_deleted_for_its_age_never_ends_in_a_missing_file()
    {
        for (var round = 0; round < 25; round++)
        {
            await StoreAsync(Content);
            Clock.Advance(TimeSpan.FromHours(48));
            var since = Clock.GetUtcNow().AddHours(-24);

            await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(() => number % 2 == 0
                ? StoreAsync(Content)
                : Store.DeleteOlderAsync(Sha, since, CancellationToken.None))));

            Assert.Equal(Content, await ReadAsync(Store, Sha));
        }
    }

    internal ArtifactStore NewStore() => new(Place, Clock, NullLogger<ArtifactStore>.Instance);

    protected Task<StoredArtifact?> StoreAsync(byte[] content) => Store.StoreAsync(new MemoryStream(content), ShaOf(content), CancellationToken.None);

    protected static string ShaOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    internal static async Task<byte[]> ReadAsync(ArtifactStore store, string sha256)
    {
        await using var content = await store.OpenAsync(sha256, CancellationToken.None);
        using var all = new MemoryStream();
        await content!.CopyToAsync(all);
        return all.ToArray();
    }

    private async Task<List<PlacedFile>> ListAsync() => await Place.ListAsync(CancellationToken.None).ToListAsync();
}
