using Refinery.Contract;

namespace Refinery.FileQueue;

/// <summary>Keeps a second process away from the queue file. The system releases it when this process ends, however it ends.</summary>
/// <remarks>It is a file of its own because compaction replaces the queue file, and a lock stays with the file that was replaced.</remarks>
internal sealed class QueueFileLock : IDisposable
{
    // EWOULDBLOCK on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows: the runtime has no exception type for it.
    private static readonly int[] HeldCodes = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream stream;

    private QueueFileLock(FileStream stream) => this.stream = stream;

    /// <exception cref="PluginException">Another process holds it.</exception>
    public static QueueFileLock Take(string queueFile)
    {
        try
        {
            return new(new FileStream(queueFile + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (HeldCodes.Contains(exception.HResult))
        {
            throw new PluginException(
                $"QUEUE_FILE '{queueFile}' is held by another running host; stop that one or give this one another file.", exception);
        }
    }

    public void Dispose() => stream.Dispose();
}
