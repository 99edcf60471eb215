using System.Globalization;

namespace Refinery.Tests.Plugins;

/// <summary>How often a batch goes to the server.</summary>
public sealed class RedisWaysTests : IDisposable
{
    private readonly RecordedLog log = new();
    private readonly RedisServer server = new();

    public void Dispose()
    {
        server.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task A_batch_is_added_and_taken_by_one_script_each()
    {
        await using var queue = await server.OpenQueueAsync(log, new TimelessClock());

        var start = CountScripts();
        await queue.EnqueueAsync(QueueFolder.Items(200), CancellationToken.None);
        var added = CountScripts();
        var taken = await queue.PopAsync(200, TimeSpan.Zero, CancellationToken.None);
        var end = CountScripts();

        // Who counts the scripts runs one.
        Assert.Equal((200, 2, 2), (taken.Count, added - start, end - added));
    }

    private int CountScripts() => int.Parse(
        server.Ask("EVAL \"return tonumber(string.match(redis.call('INFO', 'commandstats'), 'cmdstat_eval:calls=(%d+)') or 0)\" 0").TrimStart(':'), CultureInfo.InvariantCulture);
}
