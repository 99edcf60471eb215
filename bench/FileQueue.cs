using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Contract;
using Refinery.FileQueue;

namespace Refinery.Bench;

/// <summary>Enqueues into the file backend while few and while many items wait already: the cost of one must not grow.</summary>
internal static class FileQueue
{
    private const int Batch = 100;
    private const int Measured = 100_000;

    public static async Task RunAsync(string[] settings)
    {
        var many = settings.Length > 0 ? int.Parse(settings[0]) : 1_000_000;
        foreach (var waiting in new[] { 1_000, many })
        {
            var folder = Directory.CreateTempSubdirectory("refinery-bench-").FullName;
            try
            {
                await MeasureAsync(folder, waiting);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task MeasureAsync(string folder, int waiting)
    {
        var context = new PluginContext(new ConfigurationBuilder().Build(), folder, TimeProvider.System, NullLoggerFactory.Instance);
        await using var queue = await new FileQueuePlugin().OpenAsync(context, CancellationToken.None);
        await AddAsync(queue, 0, waiting, size: 1_000);
        var added = await AddAsync(queue, waiting, Measured, Batch);
        var popped = await Load.RunAsync(1, Measured / Batch, _ => queue.PopAsync(Batch, TimeSpan.Zero, CancellationToken.None));
        Console.WriteLine($"file-queue: {waiting} waiting: enqueue {added.PerSecond * Batch:N0} items/s, p50 {added.P50:N2} ms; pop {popped.PerSecond * Batch:N0} items/s, p50 {popped.P50:N2} ms ({Measured} items in batches of {Batch}, 5 priorities, each batch flushed)");
    }

    private static Task<LoadResult> AddAsync(IQueueBackend queue, int first, int count, int size) => Load.RunAsync(1, count / size, number =>
    {
        var rank = first + (number * size);
        return queue.EnqueueAsync([.. Enumerable.Range(rank, size).Select(item => new QueueItem($"step_20260124100000_{item:x8}", "wheel_build", item % 5, item, DateTimeOffset.UtcNow))], CancellationToken.None);
    });
}
