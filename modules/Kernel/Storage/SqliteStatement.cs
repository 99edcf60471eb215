using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Refinery.Kernel.Storage;

/// <summary>A statement of the embedded engine without ADO.NET in between, which costs three times the engine itself on small writes.</summary>
/// <remarks>Source: docs/adr, "The embedded engine's statements are run directly".</remarks>
internal sealed class SqliteStatement : ISqlStatement, ISqlValues, ISqlRow
{
    private const uint Kept = 1; // SQLITE_PREPARE_PERSISTENT

    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private Type? boundType;
    private int[] positions = [];
    private byte[] scratch = new byte[512];

    private SqliteStatement(sqlite3 database, sqlite3_stmt statement)
    {
        this.database = database;
        this.statement = statement;
    }

    /// <summary>Prepares a text; null when it holds more than one statement.</summary>
    /// <exception cref="SqliteException">The text is wrong.</exception>
    public static SqliteStatement? Prepare(SqliteConnection connection, string sql)
    {
        var engine = connection.Handle ?? throw new InvalidOperationException("The connection is closed.");
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(engine, sql, Kept, out var prepared, out var tail), engine);
        if (string.IsNullOrWhiteSpace(tail))
        {
            return new SqliteStatement(engine, prepared);
        }

        prepared.Dispose();
        return null;
    }

    /// <inheritdoc />
    public Task<int> ExecuteAsync(object? parameters)
    {
        Bind(parameters);
        try
        {
            while (Step())
            {
                // Rows of a RETURNING clause nobody asked for.
            }

            return Task.FromResult(raw.sqlite3_changes(database));
        }
        finally
        {
            _ = raw.sqlite3_reset(statement);
        }
    }

    /// <inheritdoc />
    public Task<List<T>> QueryAsync<T>(Func<ISqlRow, T> read, object? parameters, int most = int.MaxValue)
    {
        var rows = new List<T>();
        Bind(parameters);
        try
        {
            while (rows.Count < most && Step())
            {
                rows.Add(read(this));
            }
        }
        finally
        {
            _ = raw.sqlite3_reset(statement);
        }

        return Task.FromResult(rows);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        statement.Dispose();
        return ValueTask.CompletedTask;
    }

    bool ISqlRow.IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    string ISqlRow.Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    ReadOnlySpan<byte> ISqlRow.Utf8(int column) => raw.sqlite3_column_blob(statement, column);

    long ISqlRow.Whole(int column) => raw.sqlite3_column_int64(statement, column);

    void ISqlValues.Set(int position, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            // An empty span has no address, which would bind NULL.
            Check(value is null ? raw.sqlite3_bind_null(statement, position) : raw.sqlite3_bind_text(statement, position, string.Empty));
            return;
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (scratch.Length < most)
        {
            scratch = new byte[most];
        }

        var length = Encoding.UTF8.GetBytes(value, scratch);
        Check(raw.sqlite3_bind_text(statement, position, scratch.AsSpan(0, length)));
    }

    void ISqlValues.Set(int position, ReadOnlyMemory<byte>? value) => Check(
        value is not { } text ? raw.sqlite3_bind_null(statement, position)
        : text.IsEmpty ? raw.sqlite3_bind_text(statement, position, string.Empty)
        : raw.sqlite3_bind_text(statement, position, text.Span));

    void ISqlValues.Set(int position, long? value) => Check(
        value is { } number ? raw.sqlite3_bind_int64(statement, position, number) : raw.sqlite3_bind_null(statement, position));

    void ISqlValues.Set(int position, double? value) => Check(
        value is { } number ? raw.sqlite3_bind_double(statement, position, number) : raw.sqlite3_bind_null(statement, position));

    void ISqlValues.Set(int position, byte[]? value) => Check(
        value is not null ? raw.sqlite3_bind_blob(statement, position, value) : raw.sqlite3_bind_null(statement, position));

    private bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return code == raw.SQLITE_ROW;
        }

        Check(code);
        throw new InvalidOperationException($"SQLite answered {code}.");
    }

    private void Bind(object? parameters)
    {
        if (parameters is null)
        {
            return;
        }

        var binder = ParameterBinder.Of(parameters.GetType());
        if (boundType != parameters.GetType())
        {
            positions = Positions(binder);
            boundType = parameters.GetType();
        }

        binder.Bind(parameters, this, positions);
    }

    private int[] Positions(ParameterBinder binder)
    {
        int[] found = [.. binder.Names.Select(name => raw.sqlite3_bind_parameter_index(statement, $"@{name}"))];
        for (var position = 1; position <= raw.sqlite3_bind_parameter_count(statement); position++)
        {
            if (!found.Contains(position))
            {
                throw new InvalidOperationException($"The parameter {raw.sqlite3_bind_parameter_name(statement, position).utf8_to_string()} has no value.");
            }
        }

        return found;
    }

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, database);
}
