using Microsoft.Extensions.Configuration;
using Refinery.Contract;
using Refinery.FileQueue;

namespace Refinery.Tests.Plugins;

/// <summary>A data directory with a queue file, and the queue opened over it as often as a test likes.</summary>
internal sealed class QueueFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public string Path => folder.Path;

    public string QueueFile => folder.File(System.IO.Path.Combine("queue", "queue.ndjson"));

    public RecordedLog Log { get; } = new();

    public static QueueItem Item(string id, int priority = 0, long rank = 0) =>
        new(id, "wheel_build", priority, rank, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public static QueueItem[] Items(int count) => [.. Enumerable.Range(0, count).Select(number => Item($"step-{number}", rank: number))];

    public string File(string name) => folder.File(name);

    public Task<IQueueBackend> OpenAsync(string? queueFile = null)
    {
        var settings = new Dictionary<string, string?> { ["QUEUE_FILE"] = queueFile };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new FileQueuePlugin().OpenAsync(new(configuration, Path, TimeProvider.System, Log), CancellationToken.None);
    }

    /// <summary>The ids that wait, in order, as a host that opens the file now would find them.</summary>
    public async Task<string[]> ReadAsync()
    {
        await using var queue = await OpenAsync();
        return await IdsOf(queue);
    }

    public static async Task<string[]> IdsOf(IQueueBackend queue) =>
        [.. (await queue.ListAsync(int.MaxValue, CancellationToken.None)).Select(item => item.StepId)];

    /// <summary>Writes the file by hand.</summary>
    public void Write(byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(QueueFile)!);
        System.IO.File.WriteAllBytes(QueueFile, content);
    }

    /// <summary>Copies the file of a running queue, as it would be after kill -9.</summary>
    public byte[] Snapshot()
    {
        using var stream = new FileStream(QueueFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    public void Dispose()
    {
        Log.Dispose();
        folder.Dispose();
    }
}
