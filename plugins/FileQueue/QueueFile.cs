using System.Buffers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Refinery.FileQueue;

/// <summary>The journal on disk: held by this process alone, appended to in whole batches, replaced in one step.</summary>
/// <remarks>
/// Nothing is flushed to the disk after an append: the database holds the truth, and what a power cut takes from the file is
/// found there. A replacement is flushed, because it makes the old file vanish.
/// </remarks>
internal sealed class QueueFile : IDisposable
{
    private const int LargestWrite = 1024 * 1024;

    private readonly QueueFileLock held;
    private readonly ArrayBufferWriter<byte> buffer = new(64 * 1024);
    private readonly Utf8JsonWriter json;
    private SafeFileHandle handle;
    private bool tornTail;

    private QueueFile(string path, QueueFileLock fileLock, SafeFileHandle handle)
    {
        (Path, held, this.handle) = (path, fileLock, handle);
        json = new Utf8JsonWriter(buffer, JournalWords.WriterOptions);
        Length = RandomAccess.GetLength(handle);
    }

    public string Path { get; }

    /// <summary>Where the last whole record ends.</summary>
    public long Length { get; private set; }

    private string Replacement => Path + ".compact";

    /// <exception cref="Contract.PluginException">Another process holds the file.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static QueueFile Open(string path)
    {
        var fileLock = QueueFileLock.Take(path);
        try
        {
            return new(path, fileLock, OpenHandle(path, FileMode.OpenOrCreate));
        }
        catch
        {
            fileLock.Dispose();
            throw;
        }
    }

    public Stream OpenForReading() =>
        new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>Forgets what follows; the next append starts here.</summary>
    public void CutAt(long length)
    {
        RandomAccess.SetLength(handle, length);
        Length = length;
    }

    /// <summary>Moves the file aside under another name and goes on with an empty one.</summary>
    /// <returns>The path it has now.</returns>
    public string SetAside()
    {
        var aside = Path + ".unreadable";
        handle.Dispose();
        File.Move(Path, aside, overwrite: true);
        handle = OpenHandle(Path, FileMode.Create);
        Length = 0;
        return aside;
    }

    /// <summary>Adds the records at the end, all or none.</summary>
    /// <exception cref="IOException">The disk is full or failing; the file is as it was.</exception>
    public void Append(IEnumerable<JournalRecord> records)
    {
        MendTail();
        tornTail = true;
        try
        {
            Length = Write(handle, Length, records);
            tornTail = false;
        }
        finally
        {
            MendTailIfPossible();
        }
    }

    /// <summary>Puts a new file holding only these records in the place of the old one; a crash leaves one or the other, whole.</summary>
    /// <exception cref="IOException">The disk is full or failing; the old file goes on.</exception>
    public void Replace(IEnumerable<JournalRecord> records)
    {
        var retired = OpenHandle(Replacement, FileMode.Create);
        try
        {
            var length = Write(retired, 0, records);
            RandomAccess.FlushToDisk(retired);
            File.Move(Replacement, Path, overwrite: true);
            (retired, handle) = (handle, retired);
            (Length, tornTail) = (length, false);
        }
        finally
        {
            // The old file after success, the unfinished new one after a fault.
            retired.Dispose();
        }

        FolderSync.Flush(System.IO.Path.GetDirectoryName(Path) ?? Path);
    }

    public void Dispose()
    {
        json.Dispose();
        handle.Dispose();
        held.Dispose();
    }

    private static SafeFileHandle OpenHandle(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    private long Write(SafeFileHandle handle, long offset, IEnumerable<JournalRecord> records)
    {
        buffer.ResetWrittenCount();
        foreach (var record in records)
        {
            json.Reset();
            record.WriteTo(json);
            json.Flush();
            buffer.Write("\n"u8);
            if (buffer.WrittenCount >= LargestWrite)
            {
                offset = WriteBuffer(handle, offset);
            }
        }

        return WriteBuffer(handle, offset);
    }

    private long WriteBuffer(SafeFileHandle handle, long offset)
    {
        RandomAccess.Write(handle, buffer.WrittenSpan, offset);
        offset += buffer.WrittenCount;
        buffer.ResetWrittenCount();
        return offset;
    }

    private void MendTail()
    {
        if (tornTail)
        {
            RandomAccess.SetLength(handle, Length);
            tornTail = false;
        }
    }

    private void MendTailIfPossible()
    {
        try
        {
            MendTail();
        }
        catch (IOException)
        {
            // The next append tries again before it writes, and the next open cuts the tail.
        }
    }
}
