namespace Refinery.KubernetesRunner;

/// <summary>Calls again while the other side is away, ever more slowly.</summary>
internal sealed class Patience(TimeProvider clock)
{
    /// <summary>With credentials that are still refused after these, nothing will come of waiting.</summary>
    private const int MaxRefusals = 6;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Calls until there is an answer.</summary>
    /// <param name="limit">For how long; then the last fault is thrown.</param>
    public async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await call(cancellationToken);
            }
            catch (CallException fault) when (MayPass(fault, failures) && clock.GetElapsedTime(start) < limit)
            {
                await PauseAsync(failures, cancellationToken);
            }
        }
    }

    /// <summary>Whether calling again makes sense after so many failures in a row.</summary>
    public static bool MayPass(CallException fault, int failures) => fault.IsAway && !(fault.IsUnauthorized && failures >= MaxRefusals);

    public Task PauseAsync(int failures, CancellationToken cancellationToken)
    {
        var pause = First * Math.Pow(2, Math.Min(failures, 10) - 1);
        return Task.Delay(pause < Longest ? pause : Longest, clock, cancellationToken);
    }
}
