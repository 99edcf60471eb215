using System.Security.Cryptography;
using System.Text;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>A log being written: every line goes to a file at once, and from there to the server, which shows it live.</summary>
/// <remarks>When the connection breaks the whole log is sent again. Without a line there is no file and nothing is sent.</remarks>
internal sealed class RemoteLog(
    LogKey key, Holder claim, string path, WorkProtocol server, Action<UnsentLog> keep, TimeProvider clock, TimeSpan pause) : ILogWriter
{
    /// <summary>The server takes 64 MiB; beyond this only the last lines are kept.</summary>
    private const int MaxLength = 63 << 20;

    /// <summary>How long the server may take to store a log that it has got.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly StoredLog Nothing = new(Convert.ToHexStringLower(SHA256.HashData([])), SizeBytes: 0, Lines: 0);

    private readonly Lock gate = new();
    private readonly LastLines lastLines = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FileStream? file;
    private Task<bool>? sending;
    private Task<StoredLog>? completion;
    private long lines;

    /// <summary>Pulsed when there is more to read, and at the end.</summary>
    public AsyncSignal Changed { get; } = new();

    /// <summary>Nothing more will come.</summary>
    public bool IsEnded => ended.Task.IsCompleted;

    /// <summary>Opens the file for reading while it grows.</summary>
    public FileStream OpenText() => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    public ValueTask WriteLineAsync(string line)
    {
        var clean = line.Replace('\0', '\uFFFD');
        lock (gate)
        {
            if (completion is not null)
            {
                return ValueTask.CompletedTask;
            }

            if (!lastLines.IsEmpty || (file?.Length ?? 0) + Encoding.UTF8.GetByteCount(clean) >= MaxLength)
            {
                lastLines.Add(clean);
                return ValueTask.CompletedTask;
            }

            Append(clean);
            sending ??= SendAsync();
        }

        Changed.Pulse();
        return ValueTask.CompletedTask;
    }

    public string Tail(int maxBytes)
    {
        lock (gate)
        {
            if (file is null)
            {
                return string.Empty;
            }

            return LastLines.WholeLines(lastLines.IsEmpty ? ReadEnd(maxBytes + 1) : Encoding.UTF8.GetBytes(lastLines.Text()), maxBytes);
        }
    }

    public Task<StoredLog> CompleteAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return completion ??= file is null ? Task.FromResult(Nothing) : CompleteAsync(file);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CompleteAsync(CancellationToken.None);
        hash.Dispose();
        stop.Dispose();
    }

    private async Task<StoredLog> CompleteAsync(FileStream written)
    {
        foreach (var line in lastLines.Take())
        {
            Append(line);
        }

        written.Flush(flushToDisk: true);
        var stored = new StoredLog(Convert.ToHexStringLower(hash.GetHashAndReset()), written.Length, lines);
        await written.DisposeAsync();
        ended.TrySetResult();
        Changed.Pulse();
        if (await IsSentAsync())
        {
            File.Delete(path);
        }
        else
        {
            keep(new UnsentLog(key, Path.GetFileName(path), stored.Sha256));
        }

        return stored;
    }

    private void Append(string line)
    {
        var bytes = Encoding.UTF8.GetBytes($"{line}\n");
        file ??= new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);
        file.Write(bytes);
        hash.AppendData(bytes);
        lines += bytes.AsSpan().Count((byte)'\n');
    }

    private byte[] ReadEnd(int maxBytes)
    {
        using var reader = OpenText();
        var bytes = new byte[Math.Min(reader.Length, maxBytes)];
        reader.Position = reader.Length - bytes.Length;
        reader.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Whether the server has the whole log; asked once it has ended.</summary>
    private async Task<bool> IsSentAsync()
    {
        try
        {
            return sending is not null && await sending.WaitAsync(Patience, clock);
        }
        catch (TimeoutException)
        {
            await stop.CancelAsync();
            return false;
        }
    }

    /// <summary>Sends the log from its beginning, again after a pause when the connection breaks.</summary>
    /// <returns>False when it ended and the server does not have the whole of it.</returns>
    private async Task<bool> SendAsync()
    {
        await Task.Yield();
        while (true)
        {
            try
            {
                using var content = new GrowingContent(this);
                return (await server.SendLogAsync(key, claim, content, stop.Token)).IsGood;
            }
            catch (ServerAwayException) when (!IsEnded)
            {
                await Task.WhenAny(ended.Task, Task.Delay(pause, clock, CancellationToken.None));
            }
            catch (Exception fault) when (fault is ServerAwayException or OperationCanceledException)
            {
                return false;
            }
        }
    }
}
