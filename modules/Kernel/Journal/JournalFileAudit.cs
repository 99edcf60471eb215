namespace Refinery.Kernel.Journal;

/// <summary>Reads the whole journal on disk, which a start does not, and compares it with the database; changes neither.</summary>
public static class JournalFileAudit
{
    private const int PageSize = 500;

    /// <summary>Checks a file by itself: what it says follows from its first line on.</summary>
    /// <param name="path">Of an existing file.</param>
    /// <param name="checkpoint">What the file is to hold unchanged; null when that is not asked.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static JournalFileVerdict Verify(string path, Checkpoint? checkpoint = null)
    {
        try
        {
            var reader = new JournalFileReader(path);
            using var check = Check(checkpoint);
            reader.Follow(check);
            var torn = new FileInfo(path).Length - reader.WholeLength();
            return new JournalFileVerdict(
                check.Contradiction($"The journal file '{path}'"),
                check.Head,
                torn > 0 ? [$"The journal file '{path}' ends in {torn} bytes of a torn line, which count for nothing."] : []);
        }
        catch (JournalFileException fault)
        {
            return JournalFileVerdict.Bad(fault.Message);
        }
    }

    /// <summary>Compares line by line.</summary>
    /// <param name="path">Where the file is, or would be.</param>
    /// <param name="journal">What the file follows; null when the database is gone.</param>
    /// <param name="checkpoint">What the file is to hold unchanged; null when that is not asked.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static async Task<JournalFileVerdict> CompareAsync(string path, EventJournal? journal, Checkpoint? checkpoint, CancellationToken cancellationToken)
    {
        var inDatabase = journal is null ? JournalHead.Genesis : await journal.HeadAsync(cancellationToken);
        if (!File.Exists(path))
        {
            return new JournalFileVerdict(null, inDatabase, [$"The journal file '{path}' is missing; the next start writes it anew."]);
        }

        try
        {
            var reader = new JournalFileReader(path);
            using var check = Check(checkpoint);
            foreach (var page in reader.Chain(check).Chunk(PageSize))
            {
                var stored = inDatabase.Sequence == 0 || journal is null ? [] : await journal.ListAfterAsync(page[0].Sequence - 1, page.Length, cancellationToken);
                if (page.Zip(stored).FirstOrDefault(pair => IsOdd(pair.First, pair.Second)).First is { } line)
                {
                    return JournalFileVerdict.Bad($"The journal file '{path}' differs from the database at sequence {line.Sequence}.");
                }
            }

            var inFile = check.Head;
            return inDatabase.Sequence > 0 && inFile.Sequence > inDatabase.Sequence
                ? JournalFileVerdict.Bad(JournalFile.Ahead(path, inFile, inDatabase))
                : new JournalFileVerdict(check.Contradiction($"The journal file '{path}'"), inFile, [.. Mending(path, inFile, inDatabase, new FileInfo(path).Length - reader.WholeLength())]);
        }
        catch (JournalFileException fault)
        {
            return JournalFileVerdict.Bad(fault.Message);
        }
    }

    /// <summary>A tree is made only where a checkpoint asks for it.</summary>
    private static ChainCheck Check(Checkpoint? checkpoint) => checkpoint is null ? new ChainCheck(JournalHead.Genesis) : new ChainCheck(checkpoint);

    private static bool IsOdd(EventRow line, JournalEvent stored) =>
        (line.Hash, line.Target, line.SentTimestamp) != (stored.Hash, stored.Target, stored.SentTimestamp);

    private static IEnumerable<string> Mending(string path, JournalHead inFile, JournalHead inDatabase, long torn)
    {
        if (torn > 0)
        {
            yield return $"The journal file '{path}' ends in {torn} bytes of a torn line; the next start cuts them off.";
        }

        if (inFile.Sequence < inDatabase.Sequence)
        {
            yield return $"The journal file '{path}' lacks the last {inDatabase.Sequence - inFile.Sequence} events of the database; the next start adds them.";
        }
        else if (inFile.Sequence > inDatabase.Sequence)
        {
            yield return $"The database is empty; the next start rebuilds it from the {inFile.Sequence} events of the journal file '{path}'.";
        }
    }
}

/// <summary>What comparing the journal on disk found.</summary>
/// <param name="Fault">The first fault, in one sentence; null when there is none.</param>
/// <param name="Head">The end of the file's chain; of the database's where there is no file.</param>
/// <param name="Mending">What the next start will mend, a sentence each; no faults.</param>
public sealed record JournalFileVerdict(string? Fault, JournalHead Head, IReadOnlyList<string> Mending)
{
    /// <summary>There is to be no file.</summary>
    public static JournalFileVerdict None { get; } = new(null, JournalHead.Genesis, []);

    internal static JournalFileVerdict Bad(string fault) => new(fault, JournalHead.Genesis, []);
}
