using StackExchange.Redis;

namespace Refinery.RedisQueue;

/// <summary>A script to run on the server.</summary>
internal sealed record Question(string Script, RedisKey[] Keys, params RedisValue[] Arguments)
{
    /// <summary>What becomes of an answer that comes when nobody waits for it any more.</summary>
    public Func<RedisResult, Task> WhenLate { get; init; } = static _ => Task.CompletedTask;
}
