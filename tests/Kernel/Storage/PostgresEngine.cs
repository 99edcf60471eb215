using Npgsql;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>A database of its own on the tests' Postgres.</summary>
internal sealed class PostgresEngine : ITestEngine
{
    private static int count;

    private readonly string name = $"test_{Interlocked.Increment(ref count)}";
    private readonly List<Database> opened = [];

    public Database Open()
    {
        if (opened.Count == 0)
        {
            PostgresServer.Instance.Run($"CREATE DATABASE {name}");
        }

        var database = new Database(NpgsqlDataSource.Create(PostgresServer.Instance.ConnectionString(name)), SqlDialect.Postgres);
        opened.Add(database);
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }

        PostgresServer.Instance.Run($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }
}
