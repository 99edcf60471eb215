using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Builds.Processes;
using Refinery.Fleet;
using Refinery.Tests.Chaos;

namespace Refinery.Tests;

/// <summary>What passes through is not kept.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Fact]
    public async Task A_hundred_megabytes_of_output_stream_through()
    {
        using var folder = new TemporaryFolder();
        using var work = WorkFolder.Create(folder.Path, "test", "memory");
        const string Script =
            """
            import sys
            line = "y" * 99 + "\n"
            for _ in range(1000): sys.stdout.write(line * 1000)
            """;
        var command = new ChildCommand("/usr/bin/python3", ["-c", Script], work.Folder("inside"), new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" });
        var bytes = 0L;
        var before = Kept();

        var exit = await new ChildProcess(TimeProvider.System).RunAsync(
            command,
            line =>
            {
                bytes += line.Length + 1;
                return default;
            },
            work,
            CancellationToken.None);

        Assert.True(exit.Succeeded);
        Assert.Equal(100_000_000, bytes);
        Assert.InRange(Kept() - before, long.MinValue, 50_000_000);
    }

    [Fact]
    public async Task Waiting_for_a_bell_that_never_rings_leaves_nothing_behind()
    {
        await using var host = await RefineryHost.StartAsync(("LOCAL_WORKER", "0"));
        var claims = host.Services.GetRequiredService<StepClaims>();
        var request = new ClaimRequest("pod-a", FrozenSet.Create(StringComparer.Ordinal, FleetCalls.Elsewhere), Max: 1, Start: false);
        var bell = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = Kept();

        for (var wait = 0; wait < 400_000; wait++)
        {
            Assert.Empty(await claims.WaitAsync(request, TimeSpan.Zero, bell.Task, CancellationToken.None));
        }

        Assert.InRange(Kept() - before, long.MinValue, 30_000_000);
        bell.SetResult();
    }

    private static long Kept() => GC.GetTotalMemory(forceFullCollection: true);
}
