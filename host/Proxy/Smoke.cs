using Refinery.Kernel.Work;

namespace Refinery.Host.Proxy;

/// <summary>Runs every smoke check side by side, within one time limit.</summary>
internal sealed class Smoke(IEnumerable<ISmokeCheck> checks, TimeProvider clock)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Every check's word with its fault or null, in the order they were registered.</summary>
    public async Task<IReadOnlyList<(string Name, string? Fault)>> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await Task.WhenAll(checks.Select(check => RunAsync(check, either.Token, cancellationToken)));
    }

    private static async Task<(string Name, string? Fault)> RunAsync(ISmokeCheck check, CancellationToken limited, CancellationToken callers)
    {
        try
        {
            return (check.Name, await check.FaultAsync(limited).WaitAsync(limited));
        }
        catch (OperationCanceledException) when (!callers.IsCancellationRequested)
        {
            return (check.Name, $"The check '{check.Name}' took more than {Limit.TotalSeconds:0} seconds.");
        }
    }
}
