using System.Data;
using System.Data.Common;
using Dapper;

namespace Refinery.Kernel.Storage;

/// <summary>Runs the commands of one connection and reads their rows.</summary>
/// <param name="held">What goes before them.</param>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself.</param>
internal sealed class CommandRun(HeldCommands held, bool blocks)
{
    private List<HeldCommand>? gathered;

    /// <summary>True while queries are gathered.</summary>
    public bool Gathers => gathered is not null;

    /// <summary>True while a command is held or sent.</summary>
    public bool IsUnderWay(DbBatchCommand command) => held.IsBusy(command);

    public Task<int> ExecuteAsync(DbCommand command)
    {
        RefuseToGather(command.CommandText);
        return held.RunAsync(async () => blocks ? command.ExecuteNonQuery() : await command.ExecuteNonQueryAsync());
    }

    /// <summary>Runs a command over one way with what is held.</summary>
    /// <returns>The number of rows changed.</returns>
    public async Task<int> ExecuteAsync(DbBatchCommand command)
    {
        RefuseToGather(command.CommandText);
        held.Hold(new Telling(command));
        await held.FlushAsync();
        return command.RecordsAffected;
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
            held.Hold(asked);
            await held.FlushAsync();
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
                together.ForEach(held.Hold);
                await held.FlushAsync();
            }
        }
        finally
        {
            gathered = null;
        }
    }

    /// <summary>Has the queries that are begun go along with whatever is sent next.</summary>
    public T GatherForNext<T>(Func<T> begin)
    {
        var begun = Gather(begin);
        gathered?.ForEach(held.Hold);
        gathered = null;
        return begun;
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

    private Task<List<T>> ReadAsync<T>(DbCommand command, Func<DbDataReader, Func<T>> reading, int most)
    {
        RefuseToGather(command.CommandText);
        return held.RunAsync(async () => blocks ? Read(command, reading, most) : await ReadElsewhereAsync(command, reading, most));
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
}
