using System.Data;
using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>One text run many times, with other values each time, in one round trip.</summary>
internal static class StatementBatch
{
    /// <summary>Runs at most; a larger batch only holds more memory.</summary>
    private const int MaxRuns = 1000;

    public static async Task<IReadOnlyList<int>> ExecuteAsync<T>(SqlSession session, string text, IReadOnlyCollection<T> rows)
        where T : notnull
    {
        var changed = new List<int>(rows.Count);
        foreach (var page in rows.Chunk(MaxRuns))
        {
            await using var batch = session.Connection.CreateBatch();
            batch.Transaction = session.Transaction;
            foreach (var row in page)
            {
                batch.BatchCommands.Add(Command(batch, text, row));
            }

            await batch.ExecuteNonQueryAsync();
            changed.AddRange(batch.BatchCommands.Select(command => command.RecordsAffected));
        }

        return changed;
    }

    private static DbBatchCommand Command(DbBatch batch, string text, object row)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = text;
        var binder = ParameterBinder.Of(row.GetType());
        foreach (var name in binder.Names)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        binder.Bind(row, new Values(command), [.. Enumerable.Range(1, binder.Names.Count)]);
        return command;
    }

    /// <summary>Sets the parameters of one run.</summary>
    private sealed class Values(DbBatchCommand command) : ISqlValues
    {
        public void Set(int position, string? value) => Put(position, DbType.String, value);

        public void Set(int position, long? value) => Put(position, DbType.Int64, value);

        public void Set(int position, double? value) => Put(position, DbType.Double, value);

        public void Set(int position, byte[]? value) => Put(position, DbType.Binary, value);

        private void Put(int position, DbType type, object? value)
        {
            var parameter = command.Parameters[position - 1];
            parameter.DbType = type;
            parameter.Value = value ?? DBNull.Value;
        }
    }
}
