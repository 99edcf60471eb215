using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Host.Proxy;

/// <summary>Every worker webhook answers.</summary>
internal sealed class WebhookCheck(WorkerProxy proxy, IOptions<ProxyOptions> options) : ISmokeCheck
{
    public string Name => "webhook";

    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        var faults = await Task.WhenAll(options.Value.Webhooks.Select(webhook => proxy.FaultAsync(webhook, cancellationToken)));
        return Array.TrueForAll(faults, fault => fault is null) ? null : string.Join(' ', faults.Where(fault => fault is not null));
    }
}
