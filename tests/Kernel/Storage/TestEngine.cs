using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>An engine with an empty store of its own, gone after the test.</summary>
internal interface ITestEngine : IAsyncDisposable
{
    /// <summary>Opens the store once more; each database is one host's.</summary>
    Database Open();
}

/// <summary>The embedded engine over a file of its own.</summary>
internal sealed class SqliteEngine : ITestEngine
{
    private readonly TemporaryFolder folder = new();
    private readonly List<Database> opened = [];

    public Database Open()
    {
        SQLitePCL.Batteries_V2.Init();
        var database = new Database(
            SqliteFactory.Instance.CreateDataSource($"Data Source={folder.File("test.db")};Pooling=False"), SqlDialect.Sqlite);
        opened.Add(database);
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }

        folder.Dispose();
    }
}
