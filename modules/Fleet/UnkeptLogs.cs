using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Keeps no log; in place until the Logs module is registered.</summary>
internal sealed class UnkeptLogs : ILogs, ILogWriter
{
    public Task<ILogWriter> OpenAsync(LogKey key, CancellationToken cancellationToken) => Task.FromResult<ILogWriter>(this);

    public ValueTask WriteLineAsync(string line) => ValueTask.CompletedTask;

    public string Tail(int maxBytes) => string.Empty;

    public Task<StoredLog> CompleteAsync(CancellationToken cancellationToken) => Task.FromResult(new StoredLog(string.Empty, 0, 0));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
