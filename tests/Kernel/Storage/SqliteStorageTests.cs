namespace Refinery.Tests.Kernel.Storage;

/// <summary>The embedded engine keeps the storage contract.</summary>
public sealed class SqliteStorageTests : StorageContract
{
    private protected override ITestEngine NewEngine() => new SqliteEngine();
}
