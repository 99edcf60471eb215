using Npgsql;
using NpgsqlTypes;

namespace Refinery.Kernel.Storage;

/// <summary>A statement of the server's that goes over one way with what is held.</summary>
internal sealed class BatchStatement : ISqlStatement, ISqlValues
{
    private readonly string text;
    private readonly CommandRun run;
    private Type? boundType;
    private string? positional;
    private int[] positions = [];
    private NpgsqlBatchCommand? kept;
    private NpgsqlBatchCommand command = new();

    public BatchStatement(string text, CommandRun run) => (this.text, this.run) = (text, run);

    /// <summary>Prepares a text; null when it holds more than one statement.</summary>
    public static BatchStatement? Prepare(string text, CommandRun run) => text.AsSpan().TrimEnd("; \r\n").Contains(';') ? null : new BatchStatement(text, run);

    /// <summary>True while its command may be given other values.</summary>
    public bool IsVacant => kept is null || !run.IsUnderWay(kept);

    /// <inheritdoc />
    public Task<int> ExecuteAsync(object? parameters) => run.ExecuteAsync(With(parameters));

    /// <inheritdoc />
    public Task<List<T>> QueryAsync<T>(Func<ISqlRow, T> read, object? parameters, int most = int.MaxValue) => run.QueryAsync(With(parameters), read, most);

    /// <summary>A command with the values of its next run: the kept one, but one of several that are gathered has values of its own.</summary>
    public NpgsqlBatchCommand With(object? parameters)
    {
        if (parameters is null)
        {
            return run.Gathers ? Create() : kept ??= Create();
        }

        var binder = ParameterBinder.Of(parameters.GetType());
        if (boundType != parameters.GetType())
        {
            var names = binder.NamedIn(text).ToList();
            positional = ParameterBinder.Parameter().Replace(text, match => $"${names.IndexOf(match.Groups["name"].Value) + 1}");
            (positions, boundType, kept) = (binder.PositionsAmong(names), parameters.GetType(), null);
        }

        command = run.Gathers ? Create() : kept ??= Create();
        binder.Bind(parameters, this, positions);
        return command;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void ISqlValues.Set(int position, string? value) => Put(position, NpgsqlDbType.Text, value);

    void ISqlValues.Set(int position, ReadOnlyMemory<byte>? value) => Put(position, NpgsqlDbType.Text, value);

    void ISqlValues.Set(int position, long? value) => Put(position, NpgsqlDbType.Bigint, value);

    void ISqlValues.Set(int position, double? value) => Put(position, NpgsqlDbType.Double, value);

    void ISqlValues.Set(int position, byte[]? value) => Put(position, NpgsqlDbType.Bytea, value);

    private NpgsqlBatchCommand Create()
    {
        var created = new NpgsqlBatchCommand(positional ?? text);
        foreach (var _ in positions.Where(position => position > 0))
        {
            created.Parameters.Add(new NpgsqlParameter());
        }

        return created;
    }

    /// <summary>With its type, since a NULL shows none and Postgres may not find it out.</summary>
    private void Put(int position, NpgsqlDbType type, object? value)
    {
        var parameter = command.Parameters[position - 1];
        parameter.NpgsqlDbType = type;
        parameter.Value = value ?? DBNull.Value;
    }
}
