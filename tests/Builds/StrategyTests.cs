namespace Refinery.Tests.Builds;

/// <summary>What STRATEGY makes of queued items with and without a version.</summary>
public sealed class StrategyTests
{
    [Theory]
    [InlineData("pinned", "1.0", "succeeded", "1.0")]
    [InlineData("pinned", null, "failed", "chosen has no exact version; name one, in a requirements file as chosen==VERSION, or set STRATEGY=upgrade to take the newest.")]
    [InlineData("upgrade", "1.0", "succeeded", "1.0")]
    [InlineData("upgrade", null, "succeeded", "1.1")]
    public async Task A_queued_wheel_is_built_in_the_version_that_the_strategy_allows(string strategy, string? version, string status, string expected)
    {
        await using var yard = await BuildYard.StartAsync(("STRATEGY", strategy));
        SourceArchive.WritePure(yard.Sources, "chosen", "1.0");
        SourceArchive.WritePure(yard.Sources, "chosen", "1.1");

        await yard.BuildAsync(new { package = "chosen", version });

        var id = Assert.Single((await yard.Host.GetAsync("/builds")).GetProperty("builds").EnumerateArray()).GetProperty("id").GetString()!;
        var build = await BuildCalls.FindAsync(yard.Host, id);
        var said = status == "succeeded" ? (await yard.EntryAsync("chosen")).GetProperty("version") : build.GetProperty("error_message");
        Assert.Equal((status, expected), (build.GetProperty("status").GetString(), said.GetString()));
    }
}
