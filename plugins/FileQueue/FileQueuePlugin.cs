using Microsoft.Extensions.Logging;
using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>The embedded queue: items in memory, journalled in one file of this host.</summary>
public sealed class FileQueuePlugin : IQueuePlugin
{
    private const string Setting = "QUEUE_FILE";

    private static readonly string DefaultFile = Path.Combine("queue", "queue.ndjson");

    /// <inheritdoc/>
    public string Name => "file";

    /// <inheritdoc/>
    public QueueCapabilities Capabilities => QueueCapabilities.Clear | QueueCapabilities.Priority;

    /// <inheritdoc/>
    /// <remarks><c>QUEUE_FILE</c> names the journal; a relative path starts at the data directory. Default <c>queue/queue.ndjson</c>.</remarks>
    public Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var setting = context.Configuration[Setting];
        var path = Path.GetFullPath(string.IsNullOrWhiteSpace(setting) ? DefaultFile : setting, context.DataDirectory);
        var logger = context.LoggerFactory.CreateLogger("Refinery.FileQueue");
        return Task.FromResult<IQueueBackend>(new FileQueueBackend(Open(path, logger), context.Clock));
    }

    private static JournalledItems Open(string path, ILogger logger)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? path);
            return JournalledItems.Open(QueueFile.Open(path), logger);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new PluginException(
                $"{Setting} '{path}' cannot be opened; it must be a file in a folder that this user may write to.", exception);
        }
    }
}
