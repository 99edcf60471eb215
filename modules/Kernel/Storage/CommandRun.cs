using System.Data;
using System.Data.Common;
using System.Text;
using Dapper;

namespace Refinery.Kernel.Storage;

/// <summary>Runs the commands of one connection and reads their rows.</summary>
/// <param name="transaction">The transaction of the moment.</param>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself, and no other is woken for it.</param>
internal sealed class CommandRun(DbConnection connection, Func<DbTransaction?> transaction, bool blocks)
{
    private readonly List<DbBatchCommand> held = [];

    /// <summary>True for a command that waits to be sent, whose values may not change.</summary>
    public bool Holds(DbBatchCommand command) => held.Contains(command);

    /// <summary>Runs a command that answers nothing: in a transaction it goes with the next that does, in their order, so that it costs no way of its own.</summary>
    public Task TellAsync(DbBatchCommand command)
    {
        held.Add(command);
        return transaction() is null ? FlushAsync() : Task.CompletedTask;
    }

    /// <summary>Sends what is held; to be called before a commit.</summary>
    public async Task FlushAsync()
    {
        if (held.Count == 0)
        {
            return;
        }

        await using var batch = connection.CreateBatch();
        batch.Transaction = transaction();
        held.ForEach(batch.BatchCommands.Add);
        held.Clear();
        _ = blocks ? batch.ExecuteNonQuery() : await batch.ExecuteNonQueryAsync();
    }

    /// <summary>Drops what is held: its transaction was rolled back.</summary>
    public void Forget() => held.Clear();

    public async Task<int> ExecuteAsync(DbCommand command)
    {
        await FlushAsync();
        command.Transaction = transaction();
        return blocks ? command.ExecuteNonQuery() : await command.ExecuteNonQueryAsync();
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
