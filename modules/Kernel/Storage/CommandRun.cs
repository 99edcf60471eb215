using System.Data.Common;
using System.Text;

namespace Refinery.Kernel.Storage;

/// <summary>Runs commands and reads their rows.</summary>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself, and no other is woken for it.</param>
internal sealed class CommandRun(bool blocks)
{
    public Task<int> ExecuteAsync(DbCommand command) => blocks ? Task.FromResult(command.ExecuteNonQuery()) : command.ExecuteNonQueryAsync();

    /// <summary>Reads the rows of a query, at most so many.</summary>
    public Task<List<T>> QueryAsync<T>(DbCommand command, Func<ISqlRow, T> read, int most = int.MaxValue) =>
        blocks ? Task.FromResult(Query(command, read, most)) : QueryElsewhereAsync(command, read, most);

    private static List<T> Query<T>(DbCommand command, Func<ISqlRow, T> read, int most)
    {
        using var reader = command.ExecuteReader();
        var row = new ReaderRow(reader);
        var rows = new List<T>();
        while (rows.Count < most && reader.Read())
        {
            rows.Add(read(row));
        }

        return rows;
    }

    private static async Task<List<T>> QueryElsewhereAsync<T>(DbCommand command, Func<ISqlRow, T> read, int most)
    {
        await using var reader = await command.ExecuteReaderAsync();
        var row = new ReaderRow(reader);
        var rows = new List<T>();
        while (rows.Count < most && await reader.ReadAsync())
        {
            rows.Add(read(row));
        }

        return rows;
    }

    /// <summary>A reader's row by position.</summary>
    private sealed class ReaderRow(DbDataReader reader) : ISqlRow
    {
        public bool IsNull(int column) => reader.IsDBNull(column);

        public string Text(int column) => reader.GetString(column);

        public ReadOnlySpan<byte> Utf8(int column) => Encoding.UTF8.GetBytes(reader.GetString(column));

        public long Whole(int column) => reader.GetInt64(column);
    }
}
