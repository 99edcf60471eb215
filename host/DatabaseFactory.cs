using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;

namespace Refinery.Host;

/// <summary>Chooses the engine.</summary>
internal static class DatabaseFactory
{
    /// <summary>The embedded engine, in the data directory.</summary>
    public static Database Open(DataDirectory data)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(data.Path, "refinery.db"),
            Pooling = false,
            DefaultTimeout = 30,
        };
        return new Database(SqliteFactory.Instance.CreateDataSource(connection.ToString()), SqlDialect.Sqlite);
    }
}
