using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Looks whether the server is there and takes the token, and registers the pod with it.</summary>
internal sealed class ServerCheck(Heartbeat heartbeat, IOptions<WorkerOptions> options) : ISmokeCheck
{
    public string Name => "server";

    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await heartbeat.BeatAsync(cancellationToken) is { IsGood: false } answer
                ? $"The server at {options.Value.ServerUrl} did not take this pod's heartbeat ({answer.Detail}); the address of a Refinery server is expected."
                : null;
        }
        catch (ServerAwayException fault) when (fault.Status is 401 or 403)
        {
            return $"The server at {options.Value.ServerUrl} refused the token; the value of its WORKER_TOKEN is expected, by --token or in the environment.";
        }
        catch (ServerAwayException fault)
        {
            return fault.Message;
        }
    }
}
