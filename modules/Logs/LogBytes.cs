using System.Buffers;
using System.IO.Compression;

namespace Refinery.Logs;

/// <summary>How bytes of logs are compressed in the database: quickly, for they are written once and mostly read once a host.</summary>
internal static class LogBytes
{
    /// <summary>The bytes compressed.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(bytes.Length));
        try
        {
            return BrotliEncoder.TryCompress(bytes, buffer, out var length, quality: 1, window: 20)
                ? buffer[..length]
                : throw new InvalidOperationException("Bytes of a log did not fit the buffer that holds any.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Fills the buffer with what was compressed; null when that is damaged or longer than the buffer.</summary>
    public static int? Expand(byte[] compressed, Span<byte> buffer) => BrotliDecoder.TryDecompress(compressed, buffer, out var length) ? length : null;
}
