namespace Refinery.Logs;

/// <summary>Walks through a buffer from one occurrence of any of several literals to the next; each literal is searched once over each byte.</summary>
internal ref struct LiteralFinder(ReadOnlySpan<byte> buffer, IReadOnlyList<byte[]> literals, Span<int> next)
{
    private readonly ReadOnlySpan<byte> buffer = buffer;
    private readonly Span<int> next = next;
    private bool hasBegun;

    /// <summary>The first occurrence at or behind the position, or -1. Positions must not fall.</summary>
    public int FindFrom(int position)
    {
        var first = -1;
        for (var number = 0; number < literals.Count; number++)
        {
            if (!hasBegun || (next[number] >= 0 && next[number] < position))
            {
                var found = buffer[position..].IndexOf(literals[number]);
                next[number] = found < 0 ? -1 : position + found;
            }

            if (next[number] >= 0 && (first < 0 || next[number] < first))
            {
                first = next[number];
            }
        }

        hasBegun = true;
        return first;
    }
}
