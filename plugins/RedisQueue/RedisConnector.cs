using StackExchange.Redis;

namespace Refinery.RedisQueue;

/// <summary>Makes connections to the server that listen to a channel.</summary>
/// <param name="heard">Called at every message, and when a connection came back: then messages may have been missed.</param>
internal sealed class RedisConnector(RedisUrl url, string channel, Action heard, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The server's host and port.</summary>
    public string Server => url.Server;

    /// <summary>The source of time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Makes one; when the server is away, it goes on trying by itself.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(url.Options);

        // In order, whoever dawdles over one answer would keep all others from theirs.
        connection.PreserveAsyncOrder = false;
        connection.ConnectionRestored += (_, _) => heard();
        await connection.GetSubscriber().SubscribeAsync(channel, (_, _) => heard())
            .WaitAsync(Patience, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return connection;
    }
}
