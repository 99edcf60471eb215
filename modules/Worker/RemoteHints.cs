using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Asks the server which hints fit a log; while it is away the failed build waits for it.</summary>
internal sealed class RemoteHints(WorkProtocol server, IOptions<WorkerOptions> options, TimeProvider clock) : IHints
{
    public async Task<IReadOnlyList<MatchedHint>> MatchAsync(string logTail, string? package, CancellationToken cancellationToken)
    {
        for (var backoff = new Backoff(options.Value.Heartbeat, clock); ; await backoff.WaitAsync(cancellationToken))
        {
            try
            {
                var answer = await server.MatchHintsAsync(new MatchWords(logTail, package), cancellationToken);
                return answer.IsGood ? answer.Read<List<MatchedHint>>() : [];
            }
            catch (ServerAwayException)
            {
                // It may be back after the pause.
            }
        }
    }
}
