namespace Refinery.Tests.Builds;

/// <summary>What real projects publish builds as well.</summary>
public sealed class PublishedSourceTests
{
    [FactWithDebianArchive]
    public async Task Markupsafe_as_it_was_published_builds_with_its_extension_and_escapes()
    {
        await using var yard = await BuildYard.StartAsync();
        using var folder = new TemporaryFolder();
        var published = await DebianSource.FetchAsync("markupsafe", folder);
        var version = Path.GetFileName(published).Split('_', 2)[1].Replace(".orig.tar.gz", string.Empty, StringComparison.Ordinal);
        File.Copy(published, Path.Combine(yard.Sources, $"MarkupSafe-{version}.tar.gz"));

        await yard.BuildAsync(new { package = "markupsafe", version });

        Assert.Equal(["queued", "building", "built"], await yard.WordsAsync("markupsafe"));
        var wheel = await yard.DownloadAsync(await yard.EntryAsync("markupsafe"), folder.Path);
        var said = await DebianPython.InstallAndEvaluateAsync(wheel, "__import__('markupsafe._speedups')._speedups.escape('<&>')");
        Assert.Equal("&lt;&amp;&gt;", said);
    }
}
