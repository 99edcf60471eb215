using System.Data;
using System.Data.Common;
using System.Text;
using Dapper;

namespace Refinery.Kernel.Storage;

/// <summary>Runs the commands of one connection and reads their rows.</summary>
/// <param name="transaction">The transaction of the moment.</param>
/// <param name="held">What goes before them.</param>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself.</param>
internal sealed class CommandRun(DbConnection connection, Func<DbTransaction?> transaction, HeldCommands held, bool blocks)
{
    private List<Asked>? gathered;

    /// <summary>True while queries are gathered.</summary>
    public bool Gathers => gathered is not null;

    public async Task<int> ExecuteAsync(DbCommand command)
    {
        RefuseToGather(command.CommandText);
        await held.FlushAsync();
        command.Transaction = transaction();
        return blocks ? command.ExecuteNonQuery() : await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs a command over one way with what is held.</summary>
    /// <returns>The number of rows changed.</returns>
    public async Task<int> ExecuteAsync(DbBatchCommand command)
    {
        RefuseToGather(command.CommandText);
        await held.SendAsync(async (batch, _) =>
        {
            batch.BatchCommands.Add(command);
            _ = blocks ? batch.ExecuteNonQuery() : await batch.ExecuteNonQueryAsync();
        });
        return command.RecordsAffected;
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

    /// <summary>The same over one way with what is held and, while queries are gathered, with the others of them.</summary>
    /// <param name="query">Given to nothing else until it is answered.</param>
    /// <param name="read">Reads a row by position.</param>
    /// <param name="most">Rows that are read at most.</param>
    public async Task<List<T>> QueryAsync<T>(DbBatchCommand query, Func<ISqlRow, T> read, int most = int.MaxValue)
    {
        var asked = new Asked<T>(query, read, most);
        if (gathered is null)
        {
            await AskAsync([asked]);
        }
        else
        {
            gathered.Add(asked);
        }

        return await asked.Rows;
    }

    /// <summary>Lets the queries that are begun wait until <see cref="AskGatheredAsync"/>.</summary>
    public T Gather<T>(Func<T> begin)
    {
        RefuseToGather("TogetherAsync");
        gathered = [];
        try
        {
            return begin();
        }
        catch
        {
            gathered = null;
            throw;
        }
    }

    /// <summary>Asks over one way what has been gathered, and over another what those who are answered ask next, until nobody asks.</summary>
    public async Task AskGatheredAsync()
    {
        try
        {
            while (gathered is { Count: > 0 } together)
            {
                gathered = [];
                await AskAsync(together);
            }
        }
        finally
        {
            gathered = null;
        }
    }

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

    private async Task AskAsync(List<Asked> queries)
    {
        await held.SendAsync(async (batch, before) =>
        {
            queries.ForEach(query => batch.BatchCommands.Add(query.Command));
            if (blocks)
            {
                Read(batch, before, queries);
            }
            else
            {
                await ReadElsewhereAsync(batch, before, queries);
            }
        });

        // Who asked goes on here, and may ask again.
        queries.ForEach(query => query.Answer());
    }

    private static void Read(DbBatch batch, int before, List<Asked> queries)
    {
        using var reader = batch.ExecuteReader();
        for (; before > 0; before--)
        {
            reader.NextResult();
        }

        var row = new ReaderRow(reader);
        foreach (var query in queries)
        {
            while (query.IsHungry && reader.Read())
            {
                query.Take(row);
            }

            reader.NextResult();
        }
    }

    private static async Task ReadElsewhereAsync(DbBatch batch, int before, List<Asked> queries)
    {
        await using var reader = await batch.ExecuteReaderAsync();
        for (; before > 0; before--)
        {
            await reader.NextResultAsync();
        }

        var row = new ReaderRow(reader);
        foreach (var query in queries)
        {
            while (query.IsHungry && await reader.ReadAsync())
            {
                query.Take(row);
            }

            await reader.NextResultAsync();
        }
    }

    private async Task<List<T>> ReadAsync<T>(DbCommand command, Func<DbDataReader, Func<T>> reading, int most)
    {
        RefuseToGather(command.CommandText);
        await held.FlushAsync();
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

    private void RefuseToGather(string text)
    {
        if (Gathers)
        {
            throw new InvalidOperationException($"What goes together are queries of one statement each, read by a function; this is something else: {text}");
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
}
