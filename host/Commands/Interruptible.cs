namespace Refinery.Host.Commands;

/// <summary>Lets Ctrl-C end a verb by a sentence, whatever it was doing.</summary>
internal static class Interruptible
{
    /// <summary>As shells count what SIGINT ended: 128 and the signal's number.</summary>
    public const int ExitCode = 130;

    /// <summary>Runs the verb.</summary>
    /// <returns>The verb's exit code, or <see cref="ExitCode"/> when it was cut short.</returns>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> verb, CancellationToken cancellationToken)
    {
        try
        {
            return await verb(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped; nothing half-done was kept.");
            return ExitCode;
        }
    }
}
