using Microsoft.Win32.SafeHandles;

namespace Refinery.Logs;

/// <summary>A file of texts one after the other, each behind its frame, with its index. What is published never changes.</summary>
internal sealed class LogSegment(int number, SafeFileHandle handle, TextSpans texts, IBlockIndex index) : IDisposable
{
    public int Number => number;

    public ReadOnlyMemory<TextSpan> Texts => texts.All;

    public IBlockIndex Index => index;

    /// <summary>Fills the span from the position on.</summary>
    public void Read(int offset, Span<byte> bytes) => handle.ReadWhole(offset, bytes);

    /// <summary>The digest that stands in the text's frame: 64 lower-case hex digits.</summary>
    public string Sha256Of(TextSpan text)
    {
        Span<byte> header = stackalloc byte[SegmentFrame.Size];
        Read(text.Offset - SegmentFrame.Size, header);
        return Convert.ToHexStringLower(header[^32..]);
    }

    public void Dispose()
    {
        (index as IDisposable)?.Dispose();
        handle.Dispose();
    }
}
