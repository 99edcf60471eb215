using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Refinery.Kernel.Storage;

/// <summary>The statements of one connection, each prepared once and kept by its text.</summary>
internal sealed class KeptStatements(DbConnection connection, SqlDialect dialect, HeldCommands held, CommandRun run) : IAsyncDisposable
{
    private const int Most = 500;

    private readonly Dictionary<string, ISqlStatement> statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CommandStatement> commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BatchStatement> checks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SetStatement> sets = new(StringComparer.Ordinal);

    /// <summary>The statement by the shortest way the engine has.</summary>
    public ISqlStatement Statement(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            var text = dialect.Render(sql);
            statement = connection is SqliteConnection sqlite ? SqliteStatement.Prepare(sqlite, text) : BatchStatement.Prepare(text, run);
            Keep(statements, sql, statement ??= Command(sql));
        }

        return statement;
    }

    /// <summary>What fails unless a condition holds.</summary>
    public BatchStatement Check(string condition)
    {
        if (!checks.TryGetValue(condition, out var statement))
        {
            Keep(checks, condition, statement = new BatchStatement(dialect.Render(ExactTelling.RenderCheck(condition)), run));
        }

        return statement;
    }

    /// <summary>The statement as a command, whose rows are mapped by name.</summary>
    public CommandStatement Command(string sql)
    {
        if (!commands.TryGetValue(sql, out var statement))
        {
            var command = connection.CreateCommand();
            command.CommandText = dialect.Render(sql);
            statement = new CommandStatement(command, run);
            Keep(commands, sql, statement);
        }

        return statement;
    }

    /// <summary>The statement for a set of rows.</summary>
    public SetStatement Set<T>(string sql)
    {
        if (!sets.TryGetValue(sql, out var statement))
        {
            var text = dialect.Render(sql);
            statement = new SetStatement(text, ParameterBinder.Of(typeof(T)).NamedIn(text), held, run);
            Keep(sets, sql, statement);
        }

        return statement;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var statement in statements.Values.Union<IAsyncDisposable>(commands.Values))
        {
            await statement.DisposeAsync();
        }
    }

    private static void Keep<T>(Dictionary<string, T> kept, string sql, T statement)
    {
        if (kept.Count >= Most)
        {
            throw new InvalidOperationException("Too many different SQL texts on one connection; a text must be a constant.");
        }

        kept.Add(sql, statement);
    }
}
