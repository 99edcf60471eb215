using Npgsql;

namespace Refinery.PostgresQueue;

/// <summary>Hears what any host adds, over a connection of its own that is made with the first caller who waits, and anew whenever it is lost.</summary>
internal sealed class ArrivalListener : IAsyncDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource source;
    private readonly string listen;
    private readonly Arrivals arrivals;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lazy<Task> listening;

    public ArrivalListener(NpgsqlDataSource source, QueueTexts texts, Arrivals arrivals, TimeProvider clock)
    {
        (this.source, listen, this.arrivals, this.clock) = (source, texts.Listen, arrivals, clock);
        var stoppingToken = stopping.Token;
        listening = new(() => ListenAsync(stoppingToken));
    }

    /// <summary>Listens from now on.</summary>
    public void Start() => _ = listening.Value;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        if (listening.IsValueCreated)
        {
            await listening.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        stopping.Dispose();
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        var pause = Shortest;
        while (true)
        {
            var start = clock.GetTimestamp();
            try
            {
                await HearAsync(stoppingToken);
            }
            catch (Exception fault) when (QueueServer.IsAway(fault))
            {
                // Whoever waits looks once a second as well: a deaf host is slower, and says so when it asks.
                pause = clock.GetElapsedTime(start) > Longest ? Shortest : pause;
            }

            await Task.Delay(pause, clock, stoppingToken);
            pause = pause * 2 < Longest ? pause * 2 : Longest;
        }
    }

    /// <summary>Ends only by a fault.</summary>
    private async Task HearAsync(CancellationToken stoppingToken)
    {
        await using var connection = await source.OpenConnectionAsync(stoppingToken);
        connection.Notification += (_, _) => arrivals.Pulse();
        await using (var command = new NpgsqlCommand(listen, connection))
        {
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }

        // What came while nobody listened was not heard.
        arrivals.Pulse();
        while (true)
        {
            await connection.WaitAsync(stoppingToken);
        }
    }
}
