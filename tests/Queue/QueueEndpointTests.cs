namespace Refinery.Tests.Queue;

/// <summary>What waits to be built, as people see it.</summary>
public sealed class QueueEndpointTests
{
    [Fact]
    public async Task A_build_submitted_with_arguments_of_another_kind_is_listed_without_them()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.PostAsync("/submit", new { type = "wheel_build", args = new { package = 7, version = "1.0", python_tag = new[] { "cp311" } } });

        var item = Assert.Single((await host.GetAsync("/api/queue")).GetProperty("items").EnumerateArray());

        Assert.Equal("", item.GetProperty("package").GetString());
        Assert.Equal("1.0", item.GetProperty("version").GetString());
    }
}
