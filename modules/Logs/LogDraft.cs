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
    private readonly bool keepFile;
    private byte[] memory = [];
    private SafeFileHandle? file;
    private byte[]? digest;
    private int lineBreaks;
    private bool endsWithBreak = true;

    /// <param name="path">The file a long text goes to; it is deleted with the draft.</param>
    /// <param name="fromStart">Write to the file from the first byte on and leave it when disposed: what is written survives the process.</param>
    public LogDraft(string path, bool fromStart = false)
    {
        this.path = path;
        keepFile = fromStart;
        if (fromStart)
        {
            file = OpenFile();
        }
    }

    /// <summary>UTF-8 bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>Lines so far; a last one without a break counts.</summary>
    public int Lines => lineBreaks + (endsWithBreak ? 0 : 1);

    /// <summary>The digest of the whole text; the draft takes nothing more.</summary>
    public byte[] Sha256 => digest ??= Finish();

    /// <summary>Takes the next bytes, UTF-8 in pieces of any size. NUL and what is no UTF-8 become U+FFFD.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => cleaner.Clean(bytes, Put);

    /// <summary>Fills the span from the position on.</summary>
    public void Read(int at, Span<byte> bytes)
    {
        if (file is null)
        {
            memory.AsSpan(at, bytes.Length).CopyTo(bytes);
        }
        else
        {
            file.ReadWhole(at, bytes);
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
        endsWithBreak = bytes.IsEmpty ? endsWithBreak : bytes[^1] == (byte)'\n';
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
            RandomAccess.Write(file, bytes, Length);
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
