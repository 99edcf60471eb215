using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>Reading so many bytes of a file or failing: the BCL's own call may answer fewer.</summary>
internal static class WholeReads
{
    extension(SafeFileHandle handle)
    {
        /// <exception cref="EndOfStreamException">The file is shorter: somebody cut it.</exception>
        public void ReadWhole(long offset, Span<byte> bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var read = RandomAccess.Read(handle, bytes[done..], offset + done);
                done += read > 0 ? read : throw new EndOfStreamException($"A file of the logs ends before byte {offset + bytes.Length}.");
            }
        }
    }
}
