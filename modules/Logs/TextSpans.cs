using System.Runtime.InteropServices;

namespace Refinery.Logs;

/// <summary>A text within its segment.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct TextSpan(int Offset, int Length)
{
    public int End => Offset + Length;
}

/// <summary>The texts of a segment in the order they lie there. One thread adds; readers see a prefix that only grows.</summary>
internal sealed class TextSpans
{
    private TextSpan[] items = [];
    private int count;

    public ReadOnlyMemory<TextSpan> All
    {
        get
        {
            // Count first: the array read after it holds at least as many.
            var known = Volatile.Read(ref count);
            return Volatile.Read(ref items).AsMemory(0, known);
        }
    }

    public void Add(params ReadOnlySpan<TextSpan> texts)
    {
        if (count + texts.Length > items.Length)
        {
            var grown = new TextSpan[Math.Max(count + texts.Length, 2 * items.Length)];
            items.AsSpan(0, count).CopyTo(grown);
            Volatile.Write(ref items, grown);
        }

        texts.CopyTo(items.AsSpan(count));
        Volatile.Write(ref count, count + texts.Length);
    }

    /// <summary>The first of the texts that ends behind the position: where to begin looking for what overlaps it.</summary>
    public static int FirstEndingAfter(ReadOnlySpan<TextSpan> texts, int position)
    {
        var (low, high) = (0, texts.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = texts[middle].End > position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
