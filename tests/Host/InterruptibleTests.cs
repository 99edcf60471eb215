using Refinery.Host.Commands;

namespace Refinery.Tests.Host;

/// <summary>What Ctrl-C makes of a verb.</summary>
public sealed class InterruptibleTests
{
    [Fact]
    public async Task A_verb_that_was_cut_short_ends_with_130()
    {
        using var stop = new CancellationTokenSource();

        var code = await Interruptible.RunAsync(
            async token =>
            {
                await stop.CancelAsync();
                token.ThrowIfCancellationRequested();
                return 0;
            },
            stop.Token);

        Assert.Equal(130, code);
    }

    [Fact]
    public async Task What_was_cancelled_by_itself_is_a_fault() =>
        await Assert.ThrowsAsync<TaskCanceledException>(() => Interruptible.RunAsync(_ => throw new TaskCanceledException(), CancellationToken.None));
}
