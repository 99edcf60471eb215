namespace Refinery.Tests.Kernel.Storage;

/// <summary>Storage keeps its contract on Postgres.</summary>
public sealed class PostgresStorageTests : StorageContract
{
    private protected override ITestEngine NewEngine() => new PostgresEngine();
}
