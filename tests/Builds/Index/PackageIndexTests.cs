using System.Security.Cryptography;
using Refinery.Builds.Index;
using Refinery.Builds.Packages;

namespace Refinery.Tests.Builds.Index;

/// <summary>Indexes and folders are read as pip reads them, and nothing they say is trusted.</summary>
public sealed class PackageIndexTests : IAsyncLifetime, IDisposable
{
    private static readonly string Digest = new('a', 64);
    private readonly HttpClient http = new();
    private readonly TemporaryFolder folder = new();
    private IndexStub stub = null!;

    private PackageIndex Index => new(http, TimeProvider.System);

    public async Task InitializeAsync() => stub = await IndexStub.StartAsync();

    public async Task DisposeAsync() => await stub.DisposeAsync();

    public void Dispose()
    {
        http.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_page_of_HTML_gives_versions_digests_interpreters_and_what_was_withdrawn()
    {
        stub.Html("/simple/my-pack/", $"""
            <!DOCTYPE html><html><body><h1>Links</h1>
            <a href="../../files/my_pack-1.0.tar.gz#sha256={Digest}" data-requires-python="&gt;=3.8">one</a>
            <A HREF='/files/my-pack-1.1.zip' data-yanked="bad">two</A>
            <a href="my_pack-1.2-py3-none-any.whl">a wheel</a><a href="other-1.0.tar.gz">another</a><a name="top">no link</a>
            </body></html>
            """);

        var found = await ListAsync("My_Pack");

        Assert.Equal(["1.0", "1.1"], found.Select(candidate => candidate.Version.ToString()));
        Assert.Equal([$"{stub.Root}/files/my_pack-1.0.tar.gz#sha256={Digest}", $"{stub.Root}/files/my-pack-1.1.zip"], found.Select(candidate => candidate.Location.ToString()));
        Assert.Equal([Digest, null], found.Select(candidate => candidate.Sha256));
        Assert.Equal([">=3.8", null], found.Select(candidate => candidate.RequiresPython?.ToString()));
        Assert.Equal([false, true], found.Select(candidate => candidate.IsYanked));
    }

    [Fact]
    public async Task An_answer_in_JSON_gives_the_same()
    {
        stub.Json("/simple/six/", $$$"""
            {"meta":{"api-version":"1.0"},"name":"six","files":[
              {"filename":"six-1.0.tar.gz","url":"../../files/six-1.0.tar.gz","hashes":{"sha256":"{{{Digest.ToUpperInvariant()}}}"},"requires-python":">=3.8","yanked":false},
              {"filename":"six-1.1.tar.gz","url":"{{{stub.Root}}}/files/six-1.1.tar.gz","hashes":{},"yanked":"broken"},
              {"filename":"six-1.1-py3-none-any.whl","url":"six-1.1-py3-none-any.whl","hashes":{}}, 7, {"url":null}]}
            """);

        var found = await ListAsync("six");

        Assert.Equal(["1.0", "1.1"], found.Select(candidate => candidate.Version.ToString()));
        Assert.Equal([Digest, null], found.Select(candidate => candidate.Sha256));
        Assert.Equal([false, true], found.Select(candidate => candidate.IsYanked));
        Assert.Equal(new Uri($"{stub.Root}/files/six-1.0.tar.gz"), found[0].Location);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a page at all <a href")]
    [InlineData("<a href='javascript:void(0)'>x</a><a href='mailto:a@b'>y</a><a href='#'>z</a><a href='http://['>w</a>")]
    [InlineData("<base href='http://['><a href='file:///etc/six-1.0.tar.gz'>local</a><a href='ftp://x.test/six-1.0.tar.gz'>old</a>")]
    public async Task Garbage_is_a_page_without_sources(string html)
    {
        stub.Html("/simple/six/", html);

        Assert.Empty(await ListAsync("six"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"files":{"six-1.0.tar.gz":1}}""")]
    public async Task JSON_of_another_shape_is_a_page_without_sources(string json)
    {
        stub.Json("/simple/six/", json);

        Assert.Empty(await ListAsync("six"));
    }

    [Theory]
    [InlineData("https://index.test/simple/six/", "http://files.test/six-1.0.tar.gz", false)]
    [InlineData("https://index.test/simple/six/", "http://files.test/six-1.0.tar.gz#sha256=aa", true)]
    [InlineData("https://index.test/simple/six/", "https://files.test/six-1.0.tar.gz", true)]
    [InlineData("http://index.test/simple/six/", "http://files.test/six-1.0.tar.gz", true)]
    [InlineData("http://index.test/simple/six/", "http://169.254.169.254/six-1.0.tar.gz", false)]
    [InlineData("http://index.test/simple/six/", "http://127.0.0.1:8080/six-1.0.tar.gz", false)]
    [InlineData("http://index.test/simple/six/", "http://localhost/six-1.0.tar.gz#sha256=aa", false)]
    [InlineData("http://index.test/simple/six/", "http://[::1]/six-1.0.tar.gz", false)]
    [InlineData("http://index.test/simple/six/", "http://[fe80::1]/six-1.0.tar.gz", false)]
    [InlineData("http://index.test/simple/six/", "http://[::ffff:127.0.0.1]/six-1.0.tar.gz", false)]
    [InlineData("http://127.0.0.1:9/simple/six/", "http://127.0.0.1:8/six-1.0.tar.gz", true)]
    public void A_page_leads_neither_to_where_others_could_change_the_file_nor_into_this_machine(string page, string file, bool leads) =>
        Assert.Equal(leads, SimplePage.ReadHtml($"<a href='{file}'>x</a>", new Uri(page), "six").Count == 1);

    [Fact]
    public async Task A_package_the_index_does_not_have_has_no_sources() => Assert.Empty(await ListAsync("absent"));

    [Theory]
    [InlineData(500, "download_failed", true)]
    [InlineData(503, "download_failed", true)]
    [InlineData(429, "download_failed", true)]
    [InlineData(401, "refused", false)]
    [InlineData(403, "refused", false)]
    public async Task An_index_that_answers_otherwise_is_named_with_its_answer(int status, string reason, bool mayPass)
    {
        stub.Status("/simple/six/", status);

        var fault = await Assert.ThrowsAsync<IndexException>(() => ListAsync("six"));

        Assert.Equal(($"The index {stub.Root}/simple/six/ answers {status}.", reason, mayPass), (fault.Message, fault.Reason, fault.IsTransient));
    }

    [Fact]
    public async Task JSON_that_is_none_and_an_index_that_is_not_there_are_one_sentence()
    {
        stub.Json("/simple/six/", "{");

        var broken = await Assert.ThrowsAsync<IndexException>(() => ListAsync("six"));
        var absent = await Assert.ThrowsAsync<IndexException>(() => Index.ListAsync(new("http://127.0.0.1:1/simple", [], [], NoIndex: false), "six", CancellationToken.None));
        var wrong = await Assert.ThrowsAsync<IndexException>(() => Index.ListAsync(new("no url", [], [], NoIndex: false), "six", CancellationToken.None));

        Assert.EndsWith("does not answer as an index.", broken.Message, StringComparison.Ordinal);
        Assert.EndsWith("cannot be reached: no connection; use --no-index with --find-links (NO_INDEX, FIND_LINKS) to build offline.", absent.Message, StringComparison.Ordinal);
        Assert.Contains("is no http or https URL", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_user_of_an_index_goes_with_its_own_files_and_nowhere_else_and_is_never_shown()
    {
        await using var elsewhere = await IndexStub.StartAsync();
        stub.Html("/simple/six/", $"<a href='/files/six-1.0.tar.gz'>here</a><a href='{elsewhere.Root}/six-2.0.tar.gz'>there</a>");
        stub.File("/files/six-1.0.tar.gz", "mine"u8.ToArray());
        var index = stub.Simple.Replace("http://", "http://me:s%3Acret@", StringComparison.Ordinal);

        var found = await Index.ListAsync(new(index, [], [], NoIndex: false), "six", CancellationToken.None);
        await FetchAsync(found[0]);
        var fault = await Assert.ThrowsAsync<IndexException>(() => FetchAsync(found[1]));

        Assert.Equal([("/simple/six/", "Basic bWU6czpjcmV0"), ("/files/six-1.0.tar.gz", "Basic bWU6czpjcmV0")], stub.Requests);
        Assert.Equal([("/six-2.0.tar.gz", "")], elsewhere.Requests);
        Assert.Equal($"{elsewhere.Root}/six-2.0.tar.gz answers 404.", fault.Message);
    }

    [Fact]
    public async Task A_redirect_to_elsewhere_is_followed_without_the_user_and_its_links_are_relative_to_there()
    {
        await using var elsewhere = await IndexStub.StartAsync();
        stub.Redirect("/simple/six/", $"{elsewhere.Root}/other/six/");
        elsewhere.Html("/other/six/", "<a href='six-1.0.tar.gz'>x</a>");
        var index = stub.Simple.Replace("http://", "http://me:secret@", StringComparison.Ordinal);

        var found = await Index.ListAsync(new(index, [], [], NoIndex: false), "six", CancellationToken.None);

        Assert.Equal(new Uri($"{elsewhere.Root}/other/six/six-1.0.tar.gz"), Assert.Single(found).Location);
        Assert.Equal([("/other/six/", "")], elsewhere.Requests);
    }

    [Fact]
    public async Task Folders_pages_and_further_indexes_are_all_asked_and_no_index_asks_only_links()
    {
        await File.WriteAllTextAsync(folder.File("six-1.0.tar.gz"), "x");
        stub.Html("/links.html", "<a href='six-2.0.tar.gz'>x</a>");
        stub.Html("/simple/six/", "<a href='six-3.0.tar.gz'>x</a>");
        stub.Html("/extra/six/", "<a href='six-4.0.tar.gz'>x</a>");
        var all = new IndexSettings(stub.Simple, [$"{stub.Root}/extra/"], [folder.Path, $"{stub.Root}/links.html"], NoIndex: false);

        Assert.Equal(["1.0", "2.0", "3.0", "4.0"], await VersionsAsync(all));
        Assert.Equal(["1.0", "2.0"], await VersionsAsync(all with { NoIndex = true }));
        Assert.Equal(["1.0"], await VersionsAsync(new(null, [], [new Uri(folder.Path).AbsoluteUri], NoIndex: true)));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_named()
    {
        var fault = await Assert.ThrowsAsync<IndexException>(() => Index.ListAsync(new(null, [], ["/no/such"], NoIndex: true), "six", CancellationToken.None));

        Assert.Equal("FIND_LINKS names '/no/such', which is no folder.", fault.Message);
    }

    [Fact]
    public async Task A_file_is_fetched_and_its_digest_is_checked_against_the_index_and_the_request()
    {
        var content = "the content"u8.ToArray();
        var digest = Convert.ToHexStringLower(SHA256.HashData(content));
        stub.File("/six-1.0.tar.gz", content);

        Assert.Equal(content, await File.ReadAllBytesAsync(await FetchAsync(Candidate(digest), [digest.ToUpperInvariant()])));
        var broken = await Assert.ThrowsAsync<IndexException>(() => FetchAsync(Candidate(Digest)));
        var other = await Assert.ThrowsAsync<IndexException>(() => FetchAsync(Candidate(null), [Digest]));

        Assert.Equal(("digest_mismatch", $"six-1.0.tar.gz has the sha256 {digest}; its index promised {Digest}."), (broken.Reason, broken.Message));
        Assert.Equal(("digest_mismatch", $"six-1.0.tar.gz has the sha256 {digest}; {Digest} was asked for."), (other.Reason, other.Message));
        Assert.False(other.IsTransient);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_file_beyond_the_limit_leaves_nothing()
    {
        stub.File("/six-1.0.tar.gz", new byte[3 << 20]);

        var fault = await Assert.ThrowsAsync<IndexException>(() => Index.FetchAsync(Candidate(null), [], folder.Path, 2 << 20, CancellationToken.None));

        Assert.Equal(("too_large", "six-1.0.tar.gz is larger than the limit of 2 MB (SDIST_MAX_MB).", false), (fault.Reason, fault.Message, fault.IsTransient));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("", "2.0")]
    [InlineData("<2", "1.5")]
    [InlineData("==3.0", "3.0")]
    [InlineData("==2.1b1", "2.1b1")]
    [InlineData("==9.0", null)]
    [InlineData(">2,<3", "2.1b1")]
    public void The_newest_that_fits_is_chosen_withdrawn_ones_and_previews_only_on_demand(string specifiers, string? expected)
    {
        SdistCandidate[] offered = [Of("1.0"), Of("1.5"), Of("2.0"), Of("2.1b1"), Of("3.0", isYanked: true), Of("2.2", requires: ">=99")];

        var chosen = PackageIndex.Choose(offered, SpecifierSet.Parse(specifiers), Python);

        Assert.Equal(expected, chosen?.Version.ToString());
    }

    [Fact]
    public void Previews_count_when_they_are_allowed() =>
        Assert.Equal("2.1b1", PackageIndex.Choose([Of("2.0"), Of("2.1b1")], SpecifierSet.Any, Python, allowPreReleases: true)?.Version.ToString());

    private static InterpreterInfo Python { get; } = new("", "cp311", "linux_x86_64", new Dictionary<string, string>(StringComparer.Ordinal) { ["python_full_version"] = "3.11.2" });

    private static SdistCandidate Of(string version, bool isYanked = false, string? requires = null) =>
        new("six", PepVersion.Parse(version), $"six-{version}.tar.gz", new Uri("http://x.test/"), null, requires is null ? null : SpecifierSet.Parse(requires), isYanked);

    private SdistCandidate Candidate(string? sha256) =>
        new("six", PepVersion.Parse("1.0"), "six-1.0.tar.gz", new Uri($"{stub.Root}/six-1.0.tar.gz"), sha256, null, IsYanked: false);

    private async Task<string> FetchAsync(SdistCandidate candidate, IReadOnlyList<string>? sha256 = null) =>
        (await Index.FetchAsync(candidate, sha256 ?? [], folder.Path, 1 << 20, CancellationToken.None)).Path;

    private Task<IReadOnlyList<SdistCandidate>> ListAsync(string package) =>
        Index.ListAsync(new(stub.Simple, [], [], NoIndex: false), package, CancellationToken.None);

    private async Task<IEnumerable<string>> VersionsAsync(IndexSettings settings) =>
        (await Index.ListAsync(settings, "six", CancellationToken.None)).Select(candidate => candidate.Version.ToString());
}
