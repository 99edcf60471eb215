namespace Refinery.Tests;

/// <summary>Waits for a condition, with a bound that only a hang reaches.</summary>
internal static class Wait
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(120);

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var hang = new CancellationTokenSource(Hang);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(hang.Token);
        }
    }
}
