using System.Collections.Concurrent;
using Npgsql;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>A database of its own on the tests' Postgres.</summary>
internal sealed class PostgresEngine : ITestEngine
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> OfFolders = new(StringComparer.Ordinal);

    private readonly string name = PostgresServer.NewName();
    private readonly List<Database> opened = [];

    /// <summary>The database that belongs to a folder, made when it is first asked for: hosts over one folder share it, one after another or at once.</summary>
    public static string ConnectionStringOf(TemporaryFolder folder) => OfFolders.GetOrAdd(folder.Path, _ => new Lazy<string>(() =>
    {
        var made = PostgresServer.NewName();
        PostgresServer.Instance.Run($"CREATE DATABASE {made}");
        if (PostgresServer.IsGiven)
        {
            folder.WhenGone = () => PostgresServer.Instance.Run($"DROP DATABASE {made} WITH (FORCE)");
        }

        return PostgresServer.Instance.ConnectionString(made);
    })).Value;

    public string ConnectionString => PostgresServer.Instance.ConnectionString(name);

    public Database Open()
    {
        if (opened.Count == 0)
        {
            PostgresServer.Instance.Run($"CREATE DATABASE {name}");
        }

        var database = new Database(NpgsqlDataSource.Create(ConnectionString + ";Max Auto Prepare=500"), SqlDialect.Postgres);
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
