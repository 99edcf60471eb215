using System.Data;
using System.Data.Common;
using System.Text;
using Dapper;

namespace Refinery.Kernel.Storage;

/// <summary>Runs the commands of one connection and reads their rows.</summary>
/// <param name="transaction">The transaction of the moment.</param>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself, and another is woken only to send a large set.</param>
internal sealed class CommandRun(DbConnection connection, Func<DbTransaction?> transaction, bool blocks)
{
    /// <summary>Fewer rows than this are not worth another thread.</summary>
    private const int MinSentEarly = 32;

    private readonly Lock gate = new();
    private readonly List<Telling> held = [];
    private readonly List<Telling> sent = [];
    private Task sending = Task.CompletedTask;
    private Sending? underWay;

    /// <summary>Runs a command that answers nothing: in a transaction it costs no way of its own.</summary>
    /// <remarks>
    /// What is large is sent while the writer goes on with what comes next, what is small goes with the next that answers, all in their order.
    /// The faults of both are thrown by a later call.
    /// </remarks>
    public async Task TellAsync(Telling telling)
    {
        var goesNow = transaction() is null;
        lock (gate)
        {
            held.Add(telling);
            if (blocks && !goesNow && underWay is null && IsLarge)
            {
                var mine = underWay = new Sending();
                sending = Task.Run(() => SendHeld(mine));
            }
        }

        if (goesNow)
        {
            await FlushAsync();
        }
    }

    /// <summary>Waits until a command may be given other values.</summary>
    public async Task FreeAsync(DbBatchCommand command)
    {
        bool isBusy;
        lock (gate)
        {
            isBusy = held.Concat(sent).Any(one => one.Command == command);
        }

        if (isBusy)
        {
            await FlushAsync();
        }
    }

    /// <summary>Sends what is held; to be called before a commit.</summary>
    /// <exception cref="DBConcurrencyException">A row was not changed that was to be.</exception>
    public async Task FlushAsync()
    {
        await EndSendingAsync();
        try
        {
            if (held.Count > 0)
            {
                await using var batch = TakeHeld();
                _ = blocks ? batch.ExecuteNonQuery() : await batch.ExecuteNonQueryAsync();
            }

            sent.ForEach(one => one.Check());
        }
        finally
        {
            sent.Clear();
        }
    }

    /// <summary>Waits until nothing is under way, and drops what is held: its transaction is to be rolled back, so the faults of it matter no more.</summary>
    public async Task SettleAsync()
    {
        await TakeOver().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        (sending, underWay) = (Task.CompletedTask, null);
        sent.Clear();
        held.Clear();
    }

    public async Task<int> ExecuteAsync(DbCommand command)
    {
        await FlushAsync();
        command.Transaction = transaction();
        return blocks ? command.ExecuteNonQuery() : await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs a command, then queries of one row at most, over one way; the writer's.</summary>
    /// <param name="queries">Each with who reads its row, or is told that there is none.</param>
    public void Begin(string text, IReadOnlyList<(string Text, Action<ISqlRow?> Read)> queries)
    {
        using var batch = connection.CreateBatch();
        batch.Transaction = transaction();
        foreach (var one in queries.Select(query => query.Text).Prepend(text))
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = one;
            batch.BatchCommands.Add(command);
        }

        using var reader = batch.ExecuteReader();
        foreach (var (_, read) in queries)
        {
            reader.NextResult();
            read(reader.Read() ? new ReaderRow(reader) : null);
        }
    }

    /// <summary>Reads the rows of a query, at most so many, by a function of the store's.</summary>
    public Task<List<T>> QueryAsync<T>(DbCommand command, Func<ISqlRow, T> read, int most = int.MaxValue) => ReadAsync<T>(
        command,
        reader =>
        {
            var row = new ReaderRow(reader);
            return () => read(row);
        },
        most);

    /// <summary>Reads the rows of a query, at most so many, by the names of their columns.</summary>
    /// <returns>The rows; null for one whose only value is NULL.</returns>
    public Task<List<object?>> MapAsync(DbCommand command, Type type, int most = int.MaxValue) => ReadAsync<object?>(
        command,
        reader =>
        {
            Func<DbDataReader, object?>? parse = null;
            return () => (parse ??= reader.GetRowParser(type))(reader);
        },
        most);

    private async Task<List<T>> ReadAsync<T>(DbCommand command, Func<DbDataReader, Func<T>> reading, int most)
    {
        await FlushAsync();
        command.Transaction = transaction();
        return blocks ? Read(command, reading, most) : await ReadElsewhereAsync(command, reading, most);
    }

    private static List<T> Read<T>(DbCommand command, Func<DbDataReader, Func<T>> reading, int most)
    {
        using var reader = command.ExecuteReader(Behavior(most));
        var read = reading(reader);
        var rows = new List<T>();
        while (rows.Count < most && reader.Read())
        {
            rows.Add(read());
        }

        return rows;
    }

    private static async Task<List<T>> ReadElsewhereAsync<T>(DbCommand command, Func<DbDataReader, Func<T>> reading, int most)
    {
        await using var reader = await command.ExecuteReaderAsync(Behavior(most));
        var read = reading(reader);
        var rows = new List<T>();
        while (rows.Count < most && await reader.ReadAsync())
        {
            rows.Add(read());
        }

        return rows;
    }

    private bool IsLarge => held.Sum(one => one.Rows) >= MinSentEarly;

    /// <summary>Sends what is held, and what comes to be held meanwhile, unless the writer was quicker.</summary>
    private void SendHeld(Sending mine)
    {
        while (true)
        {
            DbBatch batch;
            lock (gate)
            {
                if (underWay != mine)
                {
                    return;
                }

                if (!IsLarge)
                {
                    underWay = null;
                    return;
                }

                mine.HasBegun = true;
                batch = TakeHeld();
            }

            using (batch)
            {
                batch.ExecuteNonQuery();
            }
        }
    }

    private DbBatch TakeHeld()
    {
        var batch = connection.CreateBatch();
        batch.Transaction = transaction();
        held.ForEach(one => batch.BatchCommands.Add(one.Command));
        sent.AddRange(held);
        held.Clear();
        return batch;
    }

    /// <summary>Waits for what is under way.</summary>
    private async Task EndSendingAsync()
    {
        var task = TakeOver();
        if (blocks)
        {
            task.GetAwaiter().GetResult();
        }
        else
        {
            await task;
        }
    }

    /// <summary>What has not begun is not waited for, however busy the other threads are: it is held again.</summary>
    /// <returns>What is under way.</returns>
    private Task TakeOver()
    {
        lock (gate)
        {
            if (underWay is { HasBegun: false })
            {
                (sending, underWay) = (Task.CompletedTask, null);
            }

            return sending;
        }
    }

    private static CommandBehavior Behavior(int most) => most == 1 ? CommandBehavior.SingleRow : CommandBehavior.Default;

    /// <summary>A reader's row by position.</summary>
    private sealed class ReaderRow(DbDataReader reader) : ISqlRow
    {
        public bool IsNull(int column) => reader.IsDBNull(column);

        public string Text(int column) => reader.GetString(column);

        public ReadOnlySpan<byte> Utf8(int column) => Encoding.UTF8.GetBytes(reader.GetString(column));

        public long Whole(int column) => reader.GetInt64(column);
    }

    /// <summary>One run of the thread that sends.</summary>
    private sealed class Sending
    {
        public bool HasBegun { get; set; }
    }
}

/// <summary>A command that answers nothing.</summary>
/// <param name="Rows">Of the set that it was given.</param>
/// <param name="IsExact">True when each of them is to change one row.</param>
internal sealed record Telling(DbBatchCommand Command, int Rows, bool IsExact)
{
    /// <exception cref="DBConcurrencyException">It has changed fewer rows than it was to, or more.</exception>
    public void Check()
    {
        if (IsExact)
        {
            Check(Command.RecordsAffected, Rows);
        }
    }

    /// <exception cref="DBConcurrencyException">The numbers differ.</exception>
    public static void Check(int changed, int wanted)
    {
        if (changed != wanted)
        {
            throw new DBConcurrencyException($"{changed} rows were changed where {wanted} were to be: another has changed them, or taken their keys, since they were read.");
        }
    }
}
