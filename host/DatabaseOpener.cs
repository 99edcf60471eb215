using Microsoft.Data.Sqlite;
using Refinery.Host.Settings;
using Refinery.Kernel.Storage;

namespace Refinery.Host;

/// <summary>Chooses the engine.</summary>
internal static class DatabaseOpener
{
    /// <summary>The database's name in the data directory.</summary>
    public const string FileName = "refinery.db";

    /// <summary>The embedded engine, in the data directory.</summary>
    public static Database Open(DataDirectory data, ILogger<Database> logger)
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
    public static Database OpenAsItIs(DataDirectory data)
    {
        SQLitePCL.Batteries_V2.Init();
        return new Database(new UntouchedDatabase(Path.Combine(data.Path, FileName)), SqlDialect.Sqlite);
    }

    /// <summary>What people may know of the database.</summary>
    public static DbAnswer Describe(Database database) => new(database.Dialect.Name, Host: null, FileName);
}
