using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Fleet;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>What came of a step is recorded, whatever becomes of its log.</summary>
public sealed class StepRunnerTests
{
    [Fact]
    public async Task A_log_that_cannot_be_written_does_not_hide_that_the_step_failed()
    {
        await using var host = await RefineryHost.StartAsync();
        host.Services.GetRequiredService<LocalPod>().Confine([]);
        var stepId = await host.SubmitAsync(new { type = "hello_world", args = new { }, max_retries = 0 });
        var claim = new ClaimRequest(host.Services.GetRequiredService<PodIdentity>().PodId, FrozenSet<string>.Empty, Max: 1, Start: true);
        var step = Assert.Single(await host.Services.GetRequiredService<StepClaims>().ClaimOfAsync([stepId], claim, CancellationToken.None));
        var runner = new StepRunner(
            host.Services.GetRequiredService<IStepReports>(), new FullDisk(), host.Services.GetRequiredService<HandlerTable>(),
            TimeProvider.System, NullLogger<StepRunner>.Instance);

        await runner.RunAsync(step.ToClaimed(), CancellationToken.None);

        var row = await host.RowAsync(stepId);
        Assert.Equal(("failed", "The handler of hello_world failed with IOException."), (row.Status, row.Detail));
    }

    /// <summary>Logs on a disk that takes nothing.</summary>
    private sealed class FullDisk : ILogs, ILogWriter
    {
        public Task<ILogWriter> OpenAsync(ClaimedStep step, CancellationToken cancellationToken) => Task.FromResult<ILogWriter>(this);

        public ValueTask WriteLineAsync(string line) => throw new IOException("No space left on device");

        public string Tail(int maxBytes) => string.Empty;

        public Task<StoredLog> CompleteAsync(CancellationToken cancellationToken) => throw new IOException("No space left on device");

        public ValueTask DisposeAsync() => throw new IOException("No space left on device");
    }
}
