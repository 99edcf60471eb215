using System.Data;
using System.Data.Common;
using System.Text;

namespace Refinery.Kernel.Storage;

/// <summary>A statement behind ADO.NET, for every engine.</summary>
internal sealed class CommandStatement(DbCommand command, CommandRun run) : ISqlStatement, ISqlValues
{
    private Type? boundType;
    private int[] positions = [];

    /// <inheritdoc />
    public Task<int> ExecuteAsync(object? parameters) => run.ExecuteAsync(With(parameters));

    /// <inheritdoc />
    public Task<List<T>> QueryAsync<T>(Func<ISqlRow, T> read, object? parameters, int most = int.MaxValue) => run.QueryAsync(With(parameters), read, most);

    /// <summary>The command with the values of its next run.</summary>
    public DbCommand With(object? parameters)
    {
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

    void ISqlValues.Set(int position, ReadOnlyMemory<byte>? value) => Put(position, DbType.String, value is { } text ? Encoding.UTF8.GetString(text.Span) : null);

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
}
