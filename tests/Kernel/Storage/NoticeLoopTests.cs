using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>A host that cannot hear the others tries again less and less often.</summary>
public sealed class NoticeLoopTests
{
    [Fact]
    public async Task A_server_that_is_away_is_asked_after_twice_the_pause_each_time_up_to_five_seconds()
    {
        var clock = new QuickClock();
        await using var database = new Database(NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody"), SqlDialect.Postgres);
        using var loop = new NoticeLoop(database, clock, NullLogger<NoticeLoop>.Instance);

        await loop.StartAsync(CancellationToken.None);
        await Wait.UntilAsync(() => Task.FromResult(clock.Pauses.Count >= 8));
        await loop.StopAsync(CancellationToken.None);

        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5], clock.Pauses.Take(8).Select(pause => pause.TotalSeconds));
    }

    /// <summary>A clock whose timers ring at once, and which notes how long they were set for.</summary>
    private sealed class QuickClock : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
