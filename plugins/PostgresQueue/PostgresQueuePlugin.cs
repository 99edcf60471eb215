using Microsoft.Extensions.Logging;
using Npgsql;
using Refinery.Contract;

namespace Refinery.PostgresQueue;

/// <summary>The queue in Postgres: one table that any number of hosts use.</summary>
public sealed partial class PostgresQueuePlugin : IQueuePlugin
{
    /// <inheritdoc/>
    public string Name => "postgres";

    /// <inheritdoc/>
    public QueueCapabilities Capabilities => QueueCapabilities.Clear | QueueCapabilities.Priority | QueueCapabilities.Shared;

    /// <summary>How long a question to the server may take; the host waits one second for a backend.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(900);

    /// <inheritdoc/>
    /// <remarks>
    /// <c>POSTGRES_DSN</c> names the server, <c>QUEUE_TABLE</c> the table, which is made when it is not there; hosts that name the
    /// same share it. A server that is away does not keep the host from starting: one warning says so, and every call throws
    /// until it answers. One that answers and refuses does.
    /// </remarks>
    public async Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var settings = QueueSettings.Read(context.Configuration, Patience);
        var backend = Open(settings, context.Clock);
        try
        {
            await backend.ListAsync(limit: 1, cancellationToken);
        }
        catch (IOException fault) when (fault.InnerException is PostgresException refusal && IsForGood(refusal.SqlState))
        {
            await backend.DisposeAsync();
            throw new PluginException(
                $"The queue's table '{settings.Table}' cannot be used in the Postgres of {QueueSettings.ServerSetting}, which says: {refusal.MessageText}.", refusal);
        }
        catch (IOException fault)
        {
            LogAway(context.LoggerFactory.CreateLogger("Refinery.PostgresQueue"), fault);
        }

        return backend;
    }

    private PostgresQueueBackend Open(QueueSettings settings, TimeProvider clock)
    {
        var texts = new QueueTexts(settings.Table);
        var arrivals = new Arrivals();
        var server = new QueueServer(settings.Source, texts, Patience, clock);
        return new PostgresQueueBackend(
            new QueueTable(server, texts), new ArrivalListener(settings.Source, texts, arrivals, clock), arrivals, server, clock);
    }

    /// <summary>The user, the database, the right to the table or the table itself is another than expected: that does not pass.</summary>
    private static bool IsForGood(string state) => state is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
        or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.UndefinedColumn;

    [LoggerMessage(LogLevel.Warning, "The Postgres of the queue cannot be reached; steps are called from the database until it can, and it is asked again by itself.")]
    private static partial void LogAway(ILogger logger, Exception fault);
}
