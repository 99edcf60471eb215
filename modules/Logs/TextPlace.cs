using System.Runtime.InteropServices;

namespace Refinery.Logs;

/// <summary>Where a stored text lies: bytes <c>Offset … Offset + Length</c> of a segment file.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TextPlace(int Segment, int Offset, int Length)
{
    public int End => Offset + Length;
}
