using System.Text.Json;

namespace Refinery.Tests.Builds;

/// <summary>A hint repairs a build whose header is in a Debian package that is not installed.</summary>
public sealed class HintRepairTests : IAsyncLifetime
{
    // 35 kB, and the library it belongs to is part of every Debian.
    private const string Package = "libattr1-dev";
    private const string Header = "attr/attributes.h";

    public async Task InitializeAsync()
    {
        Assert.Null(Apt.InstallRefusal);
        await Apt.UpdateAsync();
        await RemoveAsync();
    }

    public Task DisposeAsync() => RemoveAsync();

    [FactWithApt]
    public async Task With_apply_the_package_is_installed_and_the_second_attempt_is_green()
    {
        await using var yard = await BuildYard.StartAsync(("RECIPES", "apply"));
        SourceArchive.WriteExtension(yard.Sources, "yardattr", "ATTR_ROOT", Header);

        await yard.BuildAsync(new { package = "yardattr", version = "1.0" });

        Assert.Equal(["queued", "building", "failed_attempt", "retry", "building", "built"], await yard.WordsAsync("yardattr"));
        Assert.True(await Apt.IsInstalledAsync(Package));
        await AssertBothAttemptsAreKeptAsync(yard);
        await AssertWheelAnswersAsync(yard);
    }

    [FactWithApt]
    public async Task With_suggest_nothing_is_installed_and_the_answer_says_what_would_help()
    {
        await using var yard = await BuildYard.StartAsync(("RECIPES", "suggest"));
        SourceArchive.WriteExtension(yard.Sources, "yardattr", "ATTR_ROOT", Header);

        await yard.BuildAsync(new { package = "yardattr", version = "1.0" });

        var failure = (await yard.HistoryAsync("yardattr"))[^1];
        Assert.Equal("failed", failure.GetProperty("status").GetString());
        Assert.Equal(["hint-libattr"], Hints(failure));
        Assert.EndsWith("This would help: apt-get install libattr1-dev.", failure.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.False(await Apt.IsInstalledAsync(Package));
    }

    private static async Task RemoveAsync()
    {
        if (await Apt.IsInstalledAsync(Package))
        {
            await Apt.PurgeAsync(Package);
        }
    }

    private static async Task AssertBothAttemptsAreKeptAsync(BuildYard yard)
    {
        var failed = (await yard.HistoryAsync("yardattr")).Single(entry => entry.GetProperty("status").GetString() == "failed_attempt");
        var (first, second) = (await yard.LogAsync("yardattr", attempt: 1), await yard.LogAsync("yardattr", attempt: 2));

        Assert.Equal(1, failed.GetProperty("attempt").GetInt32());
        Assert.Equal(["hint-libattr"], Hints(failed));
        Assert.Contains("installed on this machine (RECIPES=suggest would only name it)", failed.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains($"fatal error: {Header}", first, StringComparison.Ordinal);
        Assert.DoesNotContain($"fatal error: {Header}", second, StringComparison.Ordinal);
        Assert.Contains($"Refinery installs {Package} by apt.", second, StringComparison.Ordinal);
        Assert.Contains($"Setting up {Package}", second, StringComparison.Ordinal);
    }

    private static async Task AssertWheelAnswersAsync(BuildYard yard)
    {
        using var folder = new TemporaryFolder();
        var wheel = await yard.DownloadAsync(await yard.EntryAsync("yardattr"), folder.Path);

        Assert.Equal("2", await DebianPython.InstallAndEvaluateAsync(wheel, "__import__('yardattr').value()"));
    }

    private static string[] Hints(JsonElement entry) => [.. entry.GetProperty("matched_hint_ids").EnumerateArray().Select(hint => hint.GetString() ?? string.Empty)];
}
