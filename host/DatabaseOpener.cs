using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;
using Refinery.Host.Settings;
using Refinery.Kernel.Storage;

namespace Refinery.Host;

/// <summary>Chooses the engine.</summary>
internal static class DatabaseOpener
{
    /// <summary>Seconds, but for the names: statements are prepared when they come again, and a pool holds what one host has open at most.</summary>
    private static readonly (string Keyword, object Value)[] Defaults =
    [
        ("Application Name", "refinery"), ("Timeout", 2), ("Command Timeout", 30), ("Maximum Pool Size", 16), ("Max Auto Prepare", 500), ("Keepalive", 10),
    ];

    /// <summary>The database's name in the data directory.</summary>
    public const string FileName = "refinery.db";

    /// <summary>The database that POSTGRES_DSN names, or else the embedded engine in the data directory.</summary>
    public static Database Open(IServiceProvider services)
    {
        var logger = services.GetRequiredService<ILogger<Database>>();
        return services.GetRequiredService<IOptions<HostOptions>>().Value.FindPostgres() is { } postgres
            ? new Database(NpgsqlDataSource.Create(Bounded(postgres)), SqlDialect.Postgres, logger)
            : Open(services.GetRequiredService<DataDirectory>(), logger);
    }

    private static Database Open(DataDirectory data, ILogger<Database> logger)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(data.Path, FileName),
            Pooling = false,
            DefaultTimeout = 30,
        };
        return new Database(SqliteFactory.Instance.CreateDataSource(connection.ToString()), SqlDialect.Sqlite, logger);
    }

    /// <summary>The same to read only, and so that not one byte of the folder changes.</summary>
    public static Database OpenAsItIs(IServiceProvider services)
    {
        if (services.GetRequiredService<IOptions<HostOptions>>().Value.FindPostgres() is not null)
        {
            return Open(services);
        }

        SQLitePCL.Batteries_V2.Init();
        return new Database(new UntouchedDatabase(Path.Combine(services.GetRequiredService<DataDirectory>().Path, FileName)), SqlDialect.Sqlite);
    }

    /// <summary>What people may know of the database.</summary>
    public static DbAnswer Describe(HostOptions options) => options.FindPostgres() is { } postgres
        ? new(SqlDialect.Postgres.Name, postgres.Host, postgres.Database ?? postgres.Username)
        : new(SqlDialect.Sqlite.Name, Host: null, FileName);

    /// <summary>How a person knows the database again.</summary>
    public static string Name(HostOptions options, DataDirectory data) => Describe(options) is { Host: { } host } answer
        ? $"The database '{answer.Database}' on '{host}' (POSTGRES_DSN)"
        : $"The database in DATA_DIR '{data.Path}'";

    /// <summary>What the person who wrote it left open is decided for a host that must answer soon when the server is away.</summary>
    private static NpgsqlConnectionStringBuilder Bounded(NpgsqlConnectionStringBuilder given)
    {
        var bounded = new NpgsqlConnectionStringBuilder(given.ConnectionString);
        foreach (var (keyword, value) in Defaults.Where(pair => !given.ShouldSerialize(pair.Keyword)))
        {
            bounded[keyword] = value;
        }

        return bounded;
    }
}
