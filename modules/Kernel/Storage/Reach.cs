namespace Refinery.Kernel.Storage;

/// <summary>Whether the server answers at all. A statement would wait half a minute for one that is cut off and refuses nothing; its caller does not.</summary>
/// <remarks>Safe for all threads.</remarks>
internal sealed class Reach : IDisposable
{
    private readonly Lock gate = new();
    private volatile CancellationTokenSource away = new();
    private long answers;
    private int waiting;

    /// <summary>True from <see cref="Lose"/> to <see cref="Regain"/>.</summary>
    public bool IsAway => away.IsCancellationRequested;

    /// <summary>How often somebody got an answer, or was refused one.</summary>
    public long Answers => Interlocked.Read(ref answers);

    /// <summary>True while somebody waits for an answer.</summary>
    public bool IsAsked => Volatile.Read(ref waiting) > 0;

    /// <exception cref="DatabaseUnavailableException">The server is away.</exception>
    public void ThrowIfAway()
    {
        if (IsAway)
        {
            throw Silent();
        }
    }

    /// <summary>Asks, and waits until the answer comes or the server is found to be away; what comes after that is nobody's.</summary>
    /// <exception cref="DatabaseUnavailableException">The server is away.</exception>
    public async Task<T> WaitAsync<T>(Func<Task<T>> ask)
    {
        var lost = away.Token;
        ThrowIfAway();
        var answer = CountAsync(ask);
        await ((Task)answer).WaitAsync(lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return answer.IsCompleted ? await answer : throw Silent();
    }

    /// <summary>The server was found to be away: everyone who waits is told, and everyone who comes.</summary>
    public void Lose() => away.Cancel();

    /// <summary>The server answered.</summary>
    public void Regain()
    {
        lock (gate)
        {
            if (IsAway)
            {
                using var over = away;
                away = new CancellationTokenSource();
            }
        }
    }

    public void Dispose() => away.Dispose();

    private static DatabaseUnavailableException Silent() => new("The database does not answer; try again shortly.");

    private async Task<T> CountAsync<T>(Func<Task<T>> ask)
    {
        Interlocked.Increment(ref waiting);
        try
        {
            return await ask();
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            Interlocked.Increment(ref answers);
        }
    }
}
