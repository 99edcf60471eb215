using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Refinery.Worker;

/// <summary>Says that this pod lives, how much it runs, and whether it takes more.</summary>
internal sealed class Heartbeat(
    WorkProtocol server, RemotePod pod, Outbox outbox, WorkerIdentity identity, WorkerKinds kinds, IOptions<WorkerOptions> options, IHostApplicationLifetime lifetime)
{
    /// <summary>The server takes no more ids.</summary>
    private const int MostSteps = 1000;

    private static readonly string Version = typeof(Heartbeat).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <exception cref="ServerAwayException">The server did not hear it.</exception>
    public Task<Answer> BeatAsync(CancellationToken cancellationToken)
    {
        // First what runs, then what has run: a step that ends in between is in both and never in none.
        var isDraining = lifetime.ApplicationStopping.IsCancellationRequested;
        var running = pod.Running;
        List<string> held = [.. running.Select(step => step.StepId), .. outbox.Held.Select(claim => claim.StepId)];
        return server.BeatAsync(
            new BeatWords(
                identity.PodId, kinds.All, options.Value.Capacity, running.Count, Version, isDraining, isDraining && held.Count <= MostSteps ? held : null),
            cancellationToken);
    }
}
