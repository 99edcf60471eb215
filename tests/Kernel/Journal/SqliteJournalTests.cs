using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>The journal keeps its contract on the embedded engine.</summary>
public sealed class SqliteJournalTests : JournalContract
{
    private protected override ITestEngine NewEngine() => new SqliteEngine();
}
