using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>Sends a batch and hands its rows to who asked for them.</summary>
internal static class BatchReading
{
    /// <summary>Waits for the server on this thread.</summary>
    public static void Read(DbBatch batch, List<HeldCommand> commands)
    {
        using var reader = batch.ExecuteReader();
        var row = new ReaderRow(reader);
        foreach (var command in commands.Where(one => one.HasResult))
        {
            while (command.IsHungry && reader.Read())
            {
                command.Take(row);
            }

            reader.NextResult();
        }
    }

    /// <summary>The same without a thread that waits.</summary>
    public static async Task ReadAsync(DbBatch batch, List<HeldCommand> commands)
    {
        await using var reader = await batch.ExecuteReaderAsync();
        var row = new ReaderRow(reader);
        foreach (var command in commands.Where(one => one.HasResult))
        {
            while (command.IsHungry && await reader.ReadAsync())
            {
                command.Take(row);
            }

            await reader.NextResultAsync();
        }
    }
}

/// <summary>A reader's row by position.</summary>
internal sealed class ReaderRow(DbDataReader reader) : ISqlRow
{
    public bool IsNull(int column) => reader.IsDBNull(column);

    public string Text(int column) => reader.GetString(column);

    public ReadOnlySpan<byte> Utf8(int column) => reader.GetFieldValue<byte[]>(column);

    public long Whole(int column) => reader.GetInt64(column);
}
