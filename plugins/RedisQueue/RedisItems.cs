using Microsoft.Extensions.Logging;
using Refinery.Contract;
using StackExchange.Redis;

namespace Refinery.RedisQueue;

/// <summary>The waiting items in Redis: two sorted sets that scripts change together, so that no other host sees them disagree.</summary>
/// <remarks>
/// Every score is 0, so the members sort by their bytes: in the first set as items are called, in the second, where the instant
/// of submission goes before, as they came. Exact over every priority and rank, which a score, being a double, is not. An
/// answer that is lost on its way costs the items in it: the host finds their steps in the database. One that comes late is put back.
/// </remarks>
internal sealed partial class RedisItems(RedisLink link, string key, ILogger logger)
{
    /// <summary>A script holds up everybody else on the server, so it is given no more than this.</summary>
    private const int MostInScript = 1000;

    private const string AddScript = """
        for i = 2, #ARGV do
            redis.call('ZADD', KEYS[1], 0, ARGV[i])
            redis.call('ZADD', KEYS[2], 0, string.sub(ARGV[i], 13, 20) .. ARGV[i])
        end
        redis.call('PUBLISH', ARGV[1], '')
        """;

    /// <summary>What is left in the second set when the first is empty has been left by an eviction or by hand.</summary>
    private const string TakeScript = """
        local taken = {}
        local popped = redis.call('ZPOPMIN', KEYS[1], ARGV[1])
        for i = 1, #popped, 2 do
            taken[#taken + 1] = popped[i]
            redis.call('ZREM', KEYS[2], string.sub(popped[i], 13, 20) .. popped[i])
        end
        if #taken == 0 then redis.call('UNLINK', KEYS[2]) end
        return taken
        """;

    private const string ListScript = "return redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)";

    private const string StatsScript = "return {redis.call('ZCARD', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, 0)[1] or ''}";

    private const string ClearScript = """
        local count = redis.call('ZCARD', KEYS[1])
        redis.call('UNLINK', KEYS[1], KEYS[2])
        return count
        """;

    // The part in braces is all that a cluster looks at to place a key: what one script touches lies on one server.
    private readonly RedisKey[] keys = [$"{{{key}}}:items", $"{{{key}}}:instants"];
    private readonly RedisValue channel = Channel(key);

    /// <summary>Where every addition is told.</summary>
    public static string Channel(string key) => $"{{{key}}}:wake";

    public bool IsClosed => link.IsClosed;

    public Task AddAsync(IReadOnlyList<QueueItem> items) => AddAsync(items.Select(item => (RedisValue)StoredItem.Write(item)));

    public async Task<IReadOnlyList<QueueItem>> TakeAsync(int max)
    {
        var taken = (RedisValue[])await link.AskAsync(new(TakeScript, keys, max) { WhenLate = PutBackAsync });
        var items = Read(taken);
        if (items.Count < taken.Length)
        {
            LogUnreadable(logger, keys[0], taken.Length - items.Count);
        }

        return items;
    }

    public async Task<IReadOnlyList<QueueItem>> FirstAsync(int limit) => Read((RedisValue[])await link.AskAsync(new(ListScript, keys, limit)));

    public async Task<QueueStats> StatsAsync()
    {
        var answer = (RedisResult[])await link.AskAsync(new(StatsScript, keys));
        var length = (long)answer[0];
        return new QueueStats(length, length == 0 ? null : StoredItem.ReadInstant((byte[])answer[1]));
    }

    /// <returns>How many were removed.</returns>
    public async Task<long> ClearAsync() => (long)await link.AskAsync(new(ClearScript, keys));

    /// <summary>Refuses further calls with an <see cref="ObjectDisposedException"/> and ends once those under way have ended.</summary>
    public Task CloseAsync() => link.CloseAsync(new(StatsScript, keys));

    private async Task AddAsync(IEnumerable<RedisValue> members) =>
        await Task.WhenAll(members.Chunk(MostInScript).Select(chunk => link.AskAsync(new(AddScript, keys, [channel, .. chunk]))));

    private Task PutBackAsync(RedisResult taken) => AddAsync((RedisValue[])taken);

    private static List<QueueItem> Read(RedisValue[] members) =>
        [.. members.Select(member => StoredItem.Read((byte[])member)).OfType<QueueItem>()];

    [LoggerMessage(LogLevel.Warning, "Took {Count} members out of {Key} that are no items of this queue; give REDIS_KEY a name that nobody else uses.")]
    private static partial void LogUnreadable(ILogger logger, string key, int count);
}
