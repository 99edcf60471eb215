using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>What becomes of a connection that cannot be opened.</summary>
public sealed class OpeningTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_connection_that_is_refused_is_closed_again()
    {
        SQLitePCL.Batteries_V2.Init();
        var path = folder.File("test.db");
        await File.WriteAllTextAsync(path, string.Concat(Enumerable.Repeat("no database ", 1_000)));
        await using var database = new Database(SqliteFactory.Instance.CreateDataSource($"Data Source={path};Pooling=False"), SqlDialect.Sqlite);

        await Assert.ThrowsAsync<SqliteException>(() => database.ReadAsync(_ => Task.FromResult(0), CancellationToken.None));

        Assert.DoesNotContain(Directory.GetFileSystemEntries("/proc/self/fd"), link => new FileInfo(link).LinkTarget == path);
    }
}
