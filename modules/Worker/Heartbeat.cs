using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Refinery.Worker;

/// <summary>Says that this pod lives, how much it runs, and whether it takes more.</summary>
internal sealed class Heartbeat(
    WorkProtocol server, RemotePod pod, WorkerIdentity identity, WorkerKinds kinds, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime)
{
    private static readonly string Version = typeof(Heartbeat).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <exception cref="ServerAwayException">The server did not hear it.</exception>
    public Task<Answer> BeatAsync(CancellationToken cancellationToken) => server.BeatAsync(
        new BeatWords(
            identity.PodId, kinds.All, options.Value.Capacity, pod.Running.Count, Version, lifetime.ApplicationStopping.IsCancellationRequested),
        cancellationToken);
}
