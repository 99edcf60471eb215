using System.Data;
using System.Data.Common;
using System.Text;

namespace Refinery.Kernel.Storage;

/// <summary>A statement behind ADO.NET, for every engine.</summary>
/// <param name="transaction">The transaction of the moment.</param>
internal sealed class CommandStatement(DbCommand command, Func<DbTransaction?> transaction) : ISqlStatement, ISqlValues
{
    private Type? boundType;
    private int[] positions = [];

    /// <inheritdoc />
    public Task<int> ExecuteAsync(object? parameters) => With(parameters).ExecuteNonQueryAsync();

    /// <inheritdoc />
    public async Task<List<T>> QueryAsync<T>(Func<ISqlRow, T> read, object? parameters, int most = int.MaxValue)
    {
        await using var reader = await With(parameters).ExecuteReaderAsync();
        return await ReadAsync(reader, read, most);
    }

    /// <summary>Reads a reader's rows, at most so many.</summary>
    public static async Task<List<T>> ReadAsync<T>(DbDataReader reader, Func<ISqlRow, T> read, int most = int.MaxValue)
    {
        var row = new ReaderRow(reader);
        var rows = new List<T>();
        while (rows.Count < most && await reader.ReadAsync())
        {
            rows.Add(read(row));
        }

        return rows;
    }

    /// <summary>The command with the values of its next run.</summary>
    public DbCommand With(object? parameters)
    {
        command.Transaction = transaction();
        if (parameters is not null)
        {
            var binder = ParameterBinder.Of(parameters.GetType());
            if (boundType != parameters.GetType())
            {
                positions = binder.Declare(command);
                boundType = parameters.GetType();
            }

            binder.Bind(parameters, this, positions);
        }

        return command;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => command.DisposeAsync();

    void ISqlValues.Set(int position, string? value) => Put(position, DbType.String, value);

    void ISqlValues.Set(int position, long? value) => Put(position, DbType.Int64, value);

    void ISqlValues.Set(int position, double? value) => Put(position, DbType.Double, value);

    void ISqlValues.Set(int position, byte[]? value) => Put(position, DbType.Binary, value);

    /// <summary>With its type, since a NULL shows none and Postgres may not find it out.</summary>
    private void Put(int position, DbType type, object? value)
    {
        var parameter = command.Parameters[position - 1];
        parameter.DbType = type;
        parameter.Value = value ?? DBNull.Value;
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
