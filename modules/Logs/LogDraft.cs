using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>A text on its way into the archive: small ones in memory, longer ones in a file, hashed and counted as they come.</summary>
internal sealed class LogDraft : IDisposable
{
    private const int MemoryLimit = 1 << 20;

    private readonly string path;
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Utf8Cleaner cleaner = new();
    private readonly int headerLength;
    private readonly bool keepFile;
    private byte[] memory = [];
    private SafeFileHandle? file;
    private byte[]? digest;
    private int lineBreaks;

    /// <param name="path">The file a long text goes to; it is deleted with the draft.</param>
    public LogDraft(string path) => this.path = path;

    private LogDraft(string path, ReadOnlySpan<byte> header)
        : this(path)
    {
        keepFile = true;
        headerLength = header.Length;
        file = OpenFile();
        RandomAccess.Write(file, header, fileOffset: 0);
    }

    /// <summary>UTF-8 bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>Lines so far; a last one without a break counts.</summary>
    public int Lines => lineBreaks + (EndsWithBreak ? 0 : 1);

    /// <summary>The next byte begins a line.</summary>
    public bool EndsWithBreak { get; private set; } = true;

    /// <summary>The digest of the whole text; the draft takes nothing more.</summary>
    public byte[] Sha256 => digest ??= Finish();

    /// <summary>A draft that is written to its file from the first byte on and leaves it when disposed: it outlives the process.</summary>
    /// <param name="header">Goes before the text and is no part of it.</param>
    public static LogDraft OnDisk(string path, ReadOnlySpan<byte> header) => new(path, header);

    /// <summary>Takes the next bytes, UTF-8 in pieces of any size. NUL and what is no UTF-8 become U+FFFD.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => cleaner.Clean(bytes, Put);

    /// <summary>Takes a stream to its end.</summary>
    public async Task AppendAsync(Stream bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (await bytes.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            Append(buffer.AsSpan(0, read));
        }
    }

    /// <summary>Fills the span from the position on.</summary>
    public void Read(int at, Span<byte> bytes)
    {
        if (file is null)
        {
            memory.AsSpan(at, bytes.Length).CopyTo(bytes);
        }
        else
        {
            file.ReadWhole(headerLength + at, bytes);
        }
    }

    public void Dispose()
    {
        sha256.Dispose();
        if (memory.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(memory);
            memory = [];
        }

        if (file is not null)
        {
            file.Dispose();
            if (!keepFile)
            {
                File.Delete(path);
            }
        }
    }

    private byte[] Finish()
    {
        cleaner.End(Put);
        return sha256.GetHashAndReset();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        sha256.AppendData(bytes);
        lineBreaks += bytes.Count((byte)'\n');
        EndsWithBreak = bytes.IsEmpty ? EndsWithBreak : bytes[^1] == (byte)'\n';
        if (file is null && Length + bytes.Length > MemoryLimit)
        {
            file = OpenFile();
            RandomAccess.Write(file, memory.AsSpan(0, Length), fileOffset: 0);
        }

        if (file is null)
        {
            Remember(bytes);
        }
        else
        {
            RandomAccess.Write(file, bytes, headerLength + Length);
        }

        Length += bytes.Length;
    }

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > memory.Length)
        {
            var grown = ArrayPool<byte>.Shared.Rent(Math.Max(Length + bytes.Length, Math.Min(MemoryLimit, 2 * memory.Length)));
            memory.AsSpan(0, Length).CopyTo(grown);
            if (memory.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(memory);
            }

            memory = grown;
        }

        bytes.CopyTo(memory.AsSpan(Length));
    }

    private SafeFileHandle OpenFile() =>
        File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
}
