using System.Text;

namespace Refinery.Logs;

/// <summary>Looks for one text, letter by letter.</summary>
internal sealed class LiteralPattern(string literal) : ILinePattern
{
    private readonly byte[] bytes = Encoding.UTF8.GetBytes(literal);

    public IReadOnlyList<IReadOnlyList<byte[]>> Required => [[bytes]];

    public LineMatch? Match(ReadOnlySpan<byte> line, int hit)
    {
        var start = Encoding.UTF8.GetCharCount(line[..hit]);
        return LineMatch.Cut(Encoding.UTF8.GetString(line), start, literal.Length);
    }
}
