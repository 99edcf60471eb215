using System.Data.Common;
using Microsoft.Extensions.Options;
using Npgsql;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Host.Plugins;

/// <summary>Keeps a second host from a database whose queue belongs to one host: its steps would wait in a queue that the other cannot see.</summary>
/// <remarks>Asked at the start and held by a connection of its own, which ends with the process, however that ends, and with the database: who starts after that is not kept away.</remarks>
internal sealed class QueueHold(IOptions<HostOptions> options, QueueBackendInfo queue) : IAsyncDisposable
{
    private const string LockTimeout = "55P03";

    private NpgsqlConnection? held;

    /// <summary>Holds the database, alone or with others whose queue is shared; on the embedded engine DATA_DIR is held already.</summary>
    /// <exception cref="StartupException">A host is there that does not go with this one.</exception>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (options.Value.FindPostgres() is not { } place)
        {
            return;
        }

        var isShared = queue.Capabilities.HasFlag(QueueCapabilities.Shared);
        held = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(place.ConnectionString) { Pooling = false, KeepAlive = 10 }.ConnectionString);
        await held.OpenAsync(cancellationToken);
        try
        {
            // A host that has just stopped lets go of it a moment later.
            await ExecuteAsync("SET lock_timeout = '3s'", cancellationToken);
            await ExecuteAsync($"SELECT pg_advisory_lock{(isShared ? "_shared" : string.Empty)}(hashtext('refinery queue'))", cancellationToken);
        }
        catch (DbException fault) when (fault.SqlState == LockTimeout)
        {
            throw new StartupException(
                isShared
                    ? "Another host serves this database with a queue of its own; stop it, or give both the same QUEUE_BACKEND."
                    : $"QUEUE_BACKEND '{queue.Name}' belongs to one host, and another serves this database already; a queue that hosts share is expected, such as postgres.",
                fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (held is not null)
        {
            await held.DisposeAsync();
        }
    }

    private async Task ExecuteAsync(string text, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(text, held);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
