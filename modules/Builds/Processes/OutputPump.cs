using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Refinery.Builds.Processes;

/// <summary>Reads a child's pipe on a thread of its own, because reading a pipe blocks and the pool's threads serve everybody.</summary>
internal sealed class OutputPump(int descriptor) : IDisposable
{
    private const int ChunkBytes = 64 * 1024;
    private const int MaxChunks = 8;
    private const int PollMilliseconds = 200;

    private readonly Channel<byte[]> chunks = Channel.CreateUnbounded<byte[]>(new() { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim room = new(MaxChunks);
    private volatile bool endWhenIdle;
    private volatile bool isAbandoned;

    /// <summary>Streams every line to its taker, in order, until the pipe ends; a slow taker slows the child down.</summary>
    public async Task RunAsync(Func<string, ValueTask> onLine)
    {
        var reading = Task.Factory.StartNew(Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await DeliverAsync(onLine);
        }
        finally
        {
            isAbandoned = true;
            room.Release();
            await reading;
        }
    }

    /// <summary>From now on a pipe that has nothing to read is taken as ended: its group is gone and a stranger holds it open.</summary>
    public void EndWhenIdle() => endWhenIdle = true;

    public void Dispose() => room.Dispose();

    private async Task DeliverAsync(Func<string, ValueTask> onLine)
    {
        var splitter = new LineSplitter();
        await foreach (var chunk in chunks.Reader.ReadAllAsync())
        {
            room.Release();
            foreach (var line in splitter.Add(chunk))
            {
                await onLine(line);
            }
        }

        if (splitter.End() is { } last)
        {
            await onLine(last);
        }
    }

    private void Read()
    {
        var buffer = new byte[ChunkBytes];
        while (WaitForInput())
        {
            room.Wait();
            var count = isAbandoned ? 0 : Native.read(descriptor, buffer, buffer.Length);
            if (count == -1 && Marshal.GetLastPInvokeError() == Native.Interrupted)
            {
                room.Release();
                continue;
            }

            if (count <= 0)
            {
                break;
            }

            chunks.Writer.TryWrite(buffer[..(int)count]);
        }

        _ = Native.close(descriptor);
        chunks.Writer.Complete();
    }

    /// <summary>False when the pipe is idle and nobody is expected to write any more.</summary>
    private bool WaitForInput()
    {
        while (!isAbandoned)
        {
            var lastLook = endWhenIdle;
            var request = new PollRequest { Descriptor = descriptor, Events = Native.PollIn };
            if (Native.poll(ref request, 1, PollMilliseconds) > 0)
            {
                return true;
            }

            if (lastLook)
            {
                return false;
            }
        }

        return false;
    }
}
