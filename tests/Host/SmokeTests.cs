using System.Net;
using System.Text.Json;
using Refinery.Host.Proxy;
using Refinery.Kernel.Storage;
using Refinery.Tests.Builds;

namespace Refinery.Tests.Host;

/// <summary>The smoke check is 200 where builds could run, and 503 with one sentence for each thing that is broken.</summary>
public sealed class SmokeTests
{
    [Theory]
    [InlineData(null, null, null)]
    [InlineData("BUILD_PYTHON", "/no/such/python", "/no/such/python")]
    [InlineData("FIND_LINKS", "/no/such/folder", "/no/such/folder")]
    [InlineData("FIND_LINKS", "", "There is nowhere to take sources from: NO_INDEX is 1 and FIND_LINKS is empty.")]
    [InlineData("EXTRA_INDEX_URLS", "http://127.0.0.1:1/simple", "http://127.0.0.1:1/simple")]
    [InlineData("WORKER_LOCAL_CMD", "no-such-worker --now", "The program 'no-such-worker' of WORKER_LOCAL_CMD is not installed.")]
    [InlineData("WORKER_WEBHOOK_URL", "http://127.0.0.1:1/trigger", "The worker webhook at 127.0.0.1:1 cannot be reached")]
    [InlineData("BUILD_RUNNER", "container", "BUILD_RUNNER is container, but ")]
    [InlineData("BUILD_MEMORY_MB", "512", "BUILD_MEMORY_MB is 512, but prlimit is not installed: builds run without a memory limit.")]
    public async Task A_broken_setting_is_named(string? setting, string? value, string? sentence)
    {
        await using var yard = await BuildYard.StartAsync(
            setting == "BUILD_MEMORY_MB" ? [("PATH", "/nowhere")] : [],
            setting is null ? [] : setting == "EXTRA_INDEX_URLS" ? [(setting, value!), ("NO_INDEX", "0"), ("INDEX_URL", value!)] : [(setting, value!)]);

        using var response = await yard.Host.Http.PostAsync("/api/worker/smoke", content: null);

        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(sentence is null ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains(sentence ?? "Everything that builds need is there.", JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named() =>
        Assert.Equal("The folder /proc cannot be written.", await new FolderCheck(new Folder("/proc")).FaultAsync(CancellationToken.None));

    /// <summary>A data folder elsewhere.</summary>
    private sealed record Folder(string Path) : IDataDirectory;
}
