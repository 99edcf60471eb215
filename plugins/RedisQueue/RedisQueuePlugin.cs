using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.RedisQueue;

/// <summary>The shared queue: items in a Redis server that any number of hosts use.</summary>
public sealed partial class RedisQueuePlugin : IQueuePlugin
{
    private const string KeySetting = "REDIS_KEY";
    private const string DefaultKey = "refinery:queue";

    /// <inheritdoc/>
    public string Name => "redis";

    /// <inheritdoc/>
    public QueueCapabilities Capabilities => QueueCapabilities.Clear | QueueCapabilities.Priority | QueueCapabilities.Shared;

    /// <inheritdoc/>
    /// <remarks>
    /// <c>REDIS_URL</c> names the server, <c>REDIS_KEY</c> the queue on it; hosts that name the same share it. A server that is
    /// away does not keep the host from starting: one warning says so, and every call throws until it answers.
    /// </remarks>
    public async Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var key = context.Configuration[KeySetting] is { Length: > 0 } set ? set : DefaultKey;
        var arrivals = new Arrivals();
        var connector = new RedisConnector(RedisUrl.Read(context.Configuration), RedisItems.Channel(key), arrivals.Pulse, context.Clock);
        var logger = context.LoggerFactory.CreateLogger("Refinery.RedisQueue");
        var items = new RedisItems(new RedisLink(connector, await connector.ConnectAsync()), key, logger);
        await TryAsync(items, logger);
        return new RedisQueueBackend(items, arrivals, context.Clock);
    }

    private static async Task TryAsync(RedisItems items, ILogger logger)
    {
        try
        {
            await items.StatsAsync();
        }
        catch (IOException fault)
        {
            LogAway(logger, fault.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Fault} Steps are called from the database until it answers.")]
    private static partial void LogAway(ILogger logger, string fault);
}
