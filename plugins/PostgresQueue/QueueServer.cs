using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace Refinery.PostgresQueue;

/// <summary>Asks the server, over a few connections. A question is answered in time or fails as an <see cref="IOException"/>.</summary>
internal sealed class QueueServer(NpgsqlDataSource source, QueueTexts texts, TimeSpan patience, TimeProvider clock) : IAsyncDisposable
{
    private readonly string bound = patience.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
    private volatile bool isMade;
    private volatile bool isClosed;
    private int hanging;

    public bool IsClosed => isClosed;

    /// <summary>Whether a fault is the server's or the way's to it.</summary>
    public static bool IsAway(Exception fault) =>
        fault is DbException or SocketException or IOException or TimeoutException or (InvalidOperationException and not ObjectDisposedException);

    /// <summary>Asks one question over a connection of its own.</summary>
    /// <param name="late">Takes an answer that comes after the asker has left.</param>
    /// <exception cref="IOException">There is no answer, or it is a refusal; what was asked for may have been done.</exception>
    /// <exception cref="ObjectDisposedException">The server is let go of.</exception>
    public async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> question, Func<T, Task>? late = null)
    {
        ObjectDisposedException.ThrowIf(isClosed, this);
        if (Volatile.Read(ref hanging) > 0)
        {
            // Nobody waits in vain behind a question that has no answer yet, and no questions pile up.
            throw new IOException("The Postgres of the queue has not answered the question before.");
        }

        var answer = AnswerAsync(question);
        try
        {
            return await answer.WaitAsync(patience, clock);
        }
        catch (TimeoutException fault)
        {
            _ = OutlastAsync(answer, late);
            throw new IOException($"The Postgres of the queue did not answer within {patience.TotalSeconds:0.#} s.", fault);
        }
    }

    /// <summary>Statements that go to the server together, in bounds.</summary>
    public NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Command(QueueTexts.Bounds, new NpgsqlParameter<string> { TypedValue = bound }));
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        return batch;
    }

    /// <summary>A statement and what stands for $1, $2, … in it.</summary>
    public static NpgsqlBatchCommand Command(string text, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Takes no more questions; those that were asked get their answers.</summary>
    /// <returns>False when it was closed already.</returns>
    public bool Close() => !Interlocked.Exchange(ref isClosed, true);

    public ValueTask DisposeAsync()
    {
        Close();
        return source.DisposeAsync();
    }

    private async Task<T> AnswerAsync<T>(Func<NpgsqlConnection, Task<T>> question)
    {
        try
        {
            return await AskTwiceAsync(question);
        }
        catch (Exception fault) when (IsAway(fault))
        {
            throw new IOException("The Postgres of the queue cannot be reached.", fault);
        }
    }

    private async Task<T> AskTwiceAsync<T>(Func<NpgsqlConnection, Task<T>> question)
    {
        try
        {
            return await AskOnceAsync(question);
        }
        catch (DbException fault) when (IsOfYesterday(fault))
        {
            source.Clear();
            isMade = false;
        }

        return await AskOnceAsync(question);
    }

    private async Task<T> AskOnceAsync<T>(Func<NpgsqlConnection, Task<T>> question)
    {
        await using var connection = await source.OpenConnectionAsync();
        if (!isMade)
        {
            await MakeAsync(connection);
            isMade = true;
        }

        return await question(connection);
    }

    /// <summary>Whoever may not create tables gets along with one that is there.</summary>
    private async Task MakeAsync(NpgsqlConnection connection)
    {
        await using var look = new NpgsqlCommand(texts.IsThere, connection);
        if (await look.ExecuteScalarAsync() is not true)
        {
            await using var make = new NpgsqlCommand(texts.Make, connection);
            await make.ExecuteNonQueryAsync();
        }
    }

    /// <summary>A connection that broke while it lay in the pool, or a table that somebody has dropped, says nothing about a second try.</summary>
    private static bool IsOfYesterday(DbException fault) => fault.SqlState switch
    {
        null => fault.InnerException is not TimeoutException,
        var state => state is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.UndefinedTable,
    };

    /// <summary>Keeps others from asking until a question that hangs has its answer.</summary>
    private async Task OutlastAsync<T>(Task<T> answer, Func<T, Task>? late)
    {
        Interlocked.Increment(ref hanging);
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref hanging);
        try
        {
            var unheard = await answer;
            await (late?.Invoke(unheard) ?? Task.CompletedTask);
        }
        catch (Exception fault) when (IsAway(fault) || fault is ObjectDisposedException)
        {
            // The asker was told already that the server is away.
        }
    }
}
