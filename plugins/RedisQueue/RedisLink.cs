using StackExchange.Redis;

namespace Refinery.RedisQueue;

/// <summary>Asks the server. Every question is answered soon or fails as an <see cref="IOException"/>; a connection that was lost comes back by itself.</summary>
internal sealed class RedisLink(RedisConnector connector, ConnectionMultiplexer connection)
{
    /// <summary>The host waits one second for a backend.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(800);

    /// <summary>A connection that answers nothing for so long is given up; the system may hold on to a dead one for a quarter of an hour.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private volatile ConnectionMultiplexer connection = connection;
    private bool isClosed;
    private bool isReplacing;

    // A timestamp; 0 while questions are answered.
    private long silentSince;

    public bool IsClosed => Volatile.Read(ref isClosed);

    /// <summary>Runs a script on the server.</summary>
    /// <exception cref="IOException">There is no answer, or a refusal. Without an answer the script may have run.</exception>
    /// <exception cref="ObjectDisposedException">The link is closed.</exception>
    public async Task<RedisResult> AskAsync(Question question)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return await AnswerAsync(question);
    }

    /// <summary>Lets nobody ask any more, gives those who have asked their answers, and hangs up.</summary>
    /// <param name="last">Any question: answers come in the order of the questions, so after its own there is none to wait for.</param>
    public async Task CloseAsync(Question last)
    {
        if (!Interlocked.Exchange(ref isClosed, true))
        {
            await ((Task)AnswerAsync(last)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            HangUp(connection);
        }
    }

    private async Task<RedisResult> AnswerAsync(Question question)
    {
        try
        {
            // Its text goes along each time: a server that was started anew knows no script, and a digest would save it a microsecond of 25.
            var answer = connection.GetDatabase().ScriptEvaluateAsync(question.Script, question.Keys, question.Arguments, CommandFlags.NoScriptCache);
            await ((Task)answer).WaitAsync(Patience, connector.Clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!answer.IsCompleted)
            {
                _ = TakeLateAsync(answer, question);
                _ = EndSilenceAsync();
                ObjectDisposedException.ThrowIf(IsClosed, this);
                throw new IOException($"Redis at {connector.Server} did not answer within {Patience.TotalMilliseconds:0} ms.");
            }

            var result = await answer;
            Volatile.Write(ref silentSince, 0);
            return result;
        }
        catch (RedisServerException refusal)
        {
            throw new IOException($"Redis at {connector.Server} refused: {refusal.Message}", refusal);
        }
        catch (Exception fault) when (fault is RedisException or RedisCommandException or ObjectDisposedException or OperationCanceledException)
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            var what = IsRefusedLogin(fault) ? "does not accept the password of REDIS_URL" : "cannot be reached";
            throw new IOException($"Redis at {connector.Server} {what}.", fault);
        }
    }

    private static bool IsRefusedLogin(Exception fault) =>
        fault.InnerException is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure };

    private static async Task TakeLateAsync(Task<RedisResult> answer, Question question)
    {
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (answer.IsCompletedSuccessfully)
        {
            await question.WhenLate(await answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Goes on with another connection when this one has been silent for too long.</summary>
    private async Task EndSilenceAsync()
    {
        var now = connector.Clock.GetTimestamp();
        var since = Interlocked.CompareExchange(ref silentSince, now, 0);
        if (since == 0 || connector.Clock.GetElapsedTime(since, now) < LongestSilence || Interlocked.Exchange(ref isReplacing, true))
        {
            return;
        }

        try
        {
            var silent = connection;
            connection = await connector.ConnectAsync();
            Volatile.Write(ref silentSince, 0);
            HangUp(silent);
            if (IsClosed)
            {
                HangUp(connection);
            }
        }
        finally
        {
            Volatile.Write(ref isReplacing, false);
        }
    }

    /// <summary>Lets no command end first: that would wait for a server that does not answer.</summary>
    private static void HangUp(ConnectionMultiplexer connection) => connection.Close(allowCommandsToComplete: false);
}
