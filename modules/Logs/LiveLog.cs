using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>A log being written. Its lines go at once to a file, which followers read and which outlives the process.</summary>
/// <remarks>Without a line there is no file and nothing is stored: most steps say nothing.</remarks>
internal sealed class LiveLog(NewLog log, string path, LogIntake intake, Action<LiveLog> ended) : ILogWriter
{
    /// <summary>Beyond this only the last lines are kept, so that the end of the log is there whatever came before.</summary>
    public const int MaxLength = LogBodyReader.MaxContent - (1 << 20);

    private static readonly StoredLog Nothing = new(Convert.ToHexStringLower(SHA256.HashData([])), SizeBytes: 0, Lines: 0);

    private readonly Lock gate = new();
    private readonly LastLines lastLines = new();
    private LogDraft? draft;
    private Task<StoredLog>? completion;
    private bool isClosed;

    public NewLog Log => log;

    /// <summary>Pulsed when there is more to read, and at the end.</summary>
    public AsyncSignal Changed { get; } = new();

    /// <summary>Bytes of text that can be read.</summary>
    public int Length { get; private set; }

    /// <summary>Nothing more will come. When it was stored it can be found as a stored log by now.</summary>
    public bool IsEnded { get; private set; }

    public ValueTask WriteLineAsync(string line)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(line.Length) + 1);
        var length = Encoding.UTF8.GetBytes(line, bytes);
        bytes[length++] = (byte)'\n';
        lock (gate)
        {
            if (!lastLines.IsEmpty || Length + length > MaxLength)
            {
                lastLines.Add(line);
            }
            else
            {
                Append(bytes.AsSpan(0, length));
            }
        }

        ArrayPool<byte>.Shared.Return(bytes);
        return ValueTask.CompletedTask;
    }

    /// <summary>Appends UTF-8 text as it comes, cut anywhere; the caller minds the length.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            if (isClosed || bytes.IsEmpty)
            {
                return;
            }

            draft ??= LogDraft.OnDisk(path, Header());
            draft.Append(bytes);
            Length = draft.Length;
        }

        Changed.Pulse();
    }

    public string Tail(int maxBytes)
    {
        lock (gate)
        {
            if (draft is null || isClosed)
            {
                return string.Empty;
            }

            var rest = lastLines.Text();
            return LastLines.WholeLines(rest.Length > 0 ? Encoding.UTF8.GetBytes(rest) : ReadTail(draft, maxBytes + 1), maxBytes);
        }
    }

    public Task<StoredLog> CompleteAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return completion ??= CompleteAsync();
        }
    }

    /// <summary>Ends the log and keeps nothing of it.</summary>
    public void Abandon()
    {
        lock (gate)
        {
            completion ??= Task.FromResult(Nothing);
            Close();
            File.Delete(path);
        }

        End();
    }

    public async ValueTask DisposeAsync() => await CompleteAsync(CancellationToken.None);

    /// <summary>Opens the file for a follower; null when it has been stored and deleted, or has no line yet.</summary>
    public FileStream? OpenText()
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            file.Position = Header().Length;
            return file;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private async Task<StoredLog> CompleteAsync()
    {
        if (draft is null)
        {
            Close();
            End();
            return Nothing;
        }

        foreach (var line in lastLines.Take())
        {
            draft.Append(Encoding.UTF8.GetBytes(line + "\n"));
        }

        var text = LogText.Of(draft);
        Length = draft.Length;
        isClosed = true;
        try
        {
            // When this fails the file stays, and the next start takes it in.
            await intake.StoreAsync(log, draft);
            File.Delete(path);
        }
        finally
        {
            Close();
            End();
        }

        return new StoredLog(text.Sha256, text.SizeBytes, text.Lines);
    }

    private void Close()
    {
        lock (gate)
        {
            isClosed = true;
            draft?.Dispose();
            draft = null;
        }
    }

    private void End()
    {
        IsEnded = true;
        ended(this);
        Changed.Pulse();
    }

    private byte[] Header() => [.. JsonSerializer.SerializeToUtf8Bytes(log, RefineryJson.Options), (byte)'\n'];

    private static byte[] ReadTail(LogDraft written, int maxBytes)
    {
        var bytes = new byte[Math.Min(written.Length, maxBytes)];
        written.Read(written.Length - bytes.Length, bytes);
        return bytes;
    }
}
