using System.Globalization;

namespace Refinery.Kernel.Journal;

/// <summary>What the server says its journal is at an instant: how long, and the root over every line.</summary>
/// <param name="Origin">Whose journal: <c>refinery/</c> and the first 16 hex digits of the key's digest.</param>
/// <param name="Tree">Lines and root.</param>
/// <param name="HeadHash">The hash of the last event; null for an empty journal.</param>
/// <param name="Timestamp">When it was signed, UTC.</param>
/// <remarks>
/// Its text is origin, size, root in base64, head and instant, a line each: the body of a C2SP tlog-checkpoint with two lines of our
/// own. Source: docs/spec/event-graph.md, "Prove it".
/// </remarks>
public sealed record Checkpoint(string Origin, TreeHead Tree, string? HeadHash, DateTimeOffset Timestamp)
{
    private const string NoHead = "none";

    /// <summary>The text that is signed, its last line feed included.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture, $"{Origin}\n{Tree.Size}\n{Convert.ToBase64String(Tree.Root)}\n{HeadHash ?? NoHead}\n{Storage.Instant.Format(Timestamp)}\n");

    /// <summary>Its instant as people are told it, to the second.</summary>
    public string When => Timestamp.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads a text; null when it is none.</summary>
    public static Checkpoint? Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length != 6
            || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || !Storage.Instant.TryParse(lines[4], out var timestamp))
        {
            return null;
        }

        var root = new byte[MerkleHash.Length];
        return Convert.TryFromBase64String(lines[2], root, out var length) && length == root.Length
            ? new Checkpoint(lines[0], new TreeHead(size, root), lines[3] == NoHead ? null : lines[3], timestamp)
            : null;
    }
}
