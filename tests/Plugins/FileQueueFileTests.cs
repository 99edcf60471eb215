using System.Diagnostics;
using Refinery.Contract;

namespace Refinery.Tests.Plugins;

/// <summary>Where the queue file lies, how it grows and shrinks, who may hold it, and what a full disk does.</summary>
public sealed class FileQueueFileTests : IDisposable
{
    private readonly QueueFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_relative_path_starts_at_the_data_directory()
    {
        await using var queue = await folder.OpenAsync("some/where/q.ndjson");

        Assert.True(File.Exists(folder.File("some/where/q.ndjson")));
    }

    [Fact]
    public async Task An_absolute_path_is_taken_as_it_is()
    {
        using var elsewhere = new TemporaryFolder();
        await using var queue = await folder.OpenAsync(elsewhere.File("q.ndjson"));

        Assert.True(File.Exists(elsewhere.File("q.ndjson")));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public async Task No_path_is_the_default_path(string? setting)
    {
        await using var queue = await folder.OpenAsync(setting);

        Assert.True(File.Exists(folder.QueueFile));
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("file/below-a-file.ndjson")]
    public async Task A_path_that_cannot_be_a_file_is_refused_with_one_sentence(string setting)
    {
        Directory.CreateDirectory(folder.File("folder"));
        await File.WriteAllTextAsync(folder.File("file"), "");

        var fault = await Assert.ThrowsAsync<PluginException>(() => folder.OpenAsync(setting));

        Assert.Equal(
            $"QUEUE_FILE '{folder.File(setting)}' cannot be opened; it must be a file in a folder that this user may write to.",
            fault.Message);
    }

    [Fact]
    public async Task Another_process_sees_the_lock()
    {
        await using (await folder.OpenAsync())
        {
            Assert.Equal(1, await RunAsync("flock", "--nonblock", folder.QueueFile + ".lock", "true"));
        }

        Assert.Equal(0, await RunAsync("flock", "--nonblock", folder.QueueFile + ".lock", "true"));
    }

    [Fact]
    public async Task The_lock_outlives_a_compaction()
    {
        await using var queue = await folder.OpenAsync();
        await CycleAsync(queue, batches: 60, size: 1000);

        await Assert.ThrowsAsync<PluginException>(() => folder.OpenAsync());
    }

    [Fact]
    public async Task A_queue_that_fills_and_drains_for_ever_keeps_a_small_file()
    {
        await using var queue = await folder.OpenAsync();
        await queue.EnqueueAsync(QueueFolder.Items(100), CancellationToken.None);
        var largest = 0L;
        for (var round = 0; round < 20; round++)
        {
            await CycleAsync(queue, batches: 10, size: 1000);
            largest = Math.Max(largest, new FileInfo(folder.QueueFile).Length);
        }

        Assert.InRange(largest, 1, 10_000_000);
        Assert.Equal(100, (await queue.StatsAsync(CancellationToken.None)).Length);
        Assert.False(File.Exists(folder.QueueFile + ".compact"));
    }

    [Fact]
    public async Task Compaction_keeps_the_items_and_their_order()
    {
        string[] expected;
        await using (var queue = await folder.OpenAsync())
        {
            await queue.EnqueueAsync([QueueFolder.Item("d", rank: 9), QueueFolder.Item("b", rank: 5), QueueFolder.Item("c", rank: 5)], CancellationToken.None);
            await queue.EnqueueAsync([QueueFolder.Item("a", priority: -1, rank: -7)], CancellationToken.None);
            await CycleAsync(queue, batches: 60, size: 1000);
            expected = await QueueFolder.IdsOf(queue);
        }

        Assert.Equal(["b", "c", "d", "a"], expected);
        Assert.Equal(expected, await folder.ReadAsync());
        Assert.InRange((await File.ReadAllLinesAsync(folder.QueueFile)).Length, 4, 120_000);
    }

    [Fact]
    public async Task A_long_dead_file_is_compacted_when_it_is_opened()
    {
        var dead = Enumerable.Range(0, 60_000).Select(number => $$"""{"op":"pop","step_id":"{{number}}"}""" + "\n");
        folder.Write([.. dead.SelectMany(System.Text.Encoding.UTF8.GetBytes)]);

        Assert.Empty(await folder.ReadAsync());
        Assert.Equal(0, new FileInfo(folder.QueueFile).Length);
    }

    [Fact]
    public async Task A_crash_at_any_byte_of_a_compaction_leaves_the_old_file_in_force()
    {
        byte[] journal;
        await using (var queue = await folder.OpenAsync())
        {
            await queue.EnqueueAsync(QueueFolder.Items(4), CancellationToken.None);
            await queue.PopAsync(2, TimeSpan.Zero, CancellationToken.None);
            journal = folder.Snapshot();
        }

        // What compaction writes before it renames: the add records of step-2 and step-3, here up to each byte.
        byte[] replacement = [.. journal.Skip(2 * journal.AsSpan().IndexOf((byte)'\n') + 2).Take(2 * journal.AsSpan().IndexOf((byte)'\n') + 2)];
        for (var length = 0; length <= replacement.Length; length++)
        {
            await File.WriteAllBytesAsync(folder.QueueFile + ".compact", replacement[..length]);

            Assert.Equal(["step-2", "step-3"], await folder.ReadAsync());
        }

        // And the rename done.
        File.Move(folder.QueueFile + ".compact", folder.QueueFile, overwrite: true);
        Assert.Equal(["step-2", "step-3"], await folder.ReadAsync());
        Assert.Empty(folder.Log.Warnings);
    }

    [Fact]
    public async Task A_compaction_that_cannot_be_written_is_tried_again_and_stops_nothing()
    {
        await using var queue = await folder.OpenAsync();
        Directory.CreateDirectory(folder.QueueFile + ".compact");
        await CycleAsync(queue, batches: 70, size: 1000);

        Assert.Equal(
            $"The queue file {folder.QueueFile} could not be compacted; it goes on growing and is tried again later.",
            Assert.Single(folder.Log.Warnings.Distinct(StringComparer.Ordinal)));
        Directory.Delete(folder.QueueFile + ".compact");
        await CycleAsync(queue, batches: 60, size: 1000);

        Assert.InRange(new FileInfo(folder.QueueFile).Length, 0, 10_000_000);
    }

    [FactWithSmallDisk]
    public async Task A_full_disk_fails_the_call_and_changes_nothing()
    {
        using var disk = new SmallDisk(folder.File("disk"), kilobytes: 64);
        await using (var queue = await folder.OpenAsync("disk/q.ndjson"))
        {
            await queue.EnqueueAsync(QueueFolder.Items(100), CancellationToken.None);
            await Assert.ThrowsAsync<IOException>(() => queue.EnqueueAsync(QueueFolder.Items(5000), CancellationToken.None));
            Assert.Equal(100, (await queue.StatsAsync(CancellationToken.None)).Length);

            disk.Fill();
            await Assert.ThrowsAsync<IOException>(() => queue.PopAsync(100, TimeSpan.Zero, CancellationToken.None));
            Assert.Equal(100, (await queue.StatsAsync(CancellationToken.None)).Length);

            disk.Free();
            Assert.Equal(100, (await queue.PopAsync(200, TimeSpan.Zero, CancellationToken.None)).Count);
            await queue.EnqueueAsync([QueueFolder.Item("after")], CancellationToken.None);
        }

        await using var reopened = await folder.OpenAsync("disk/q.ndjson");
        Assert.Equal(["after"], await QueueFolder.IdsOf(reopened));
        Assert.Empty(folder.Log.Warnings);
    }

    private static async Task CycleAsync(IQueueBackend queue, int batches, int size)
    {
        for (var batch = 0; batch < batches; batch++)
        {
            await queue.EnqueueAsync([.. QueueFolder.Items(size).Select(item => item with { StepId = "cycle-" + item.StepId, Priority = 1 })], CancellationToken.None);
            Assert.Equal(size, (await queue.PopAsync(size, TimeSpan.Zero, CancellationToken.None)).Count);
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
