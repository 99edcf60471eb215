using System.Text;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>An archive in a temporary folder, and the texts that were put into it.</summary>
internal sealed class ArchiveFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly int segmentSize;
    private int drafts;

    public ArchiveFixture(int segmentSize = LogArchive.DefaultSegmentSize)
    {
        this.segmentSize = segmentSize;
        Archive = LogArchive.Open(Folder, segmentSize);
    }

    public string Folder => folder.Path;

    public LogArchive Archive { get; private set; }

    public async Task<TextPlace> AddAsync(string text)
    {
        using var draft = new LogDraft(folder.File($"draft-{Interlocked.Increment(ref drafts)}"));
        draft.Append(Encoding.UTF8.GetBytes(text));
        _ = draft.Sha256;
        return await Archive.AddAsync(draft);
    }

    public void Reopen()
    {
        Archive.Dispose();
        Archive = LogArchive.Open(Folder, segmentSize);
    }

    /// <summary>The files as a process that died would leave them, changed, and opened anew.</summary>
    public void Crash(Action<string> damage)
    {
        Archive.Dispose();
        damage(Folder);
        Archive = LogArchive.Open(Folder, segmentSize);
    }

    public string Read(TextPlace place)
    {
        var bytes = new byte[place.Length];
        Archive.Find(place.Segment)!.Read(place.Offset, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    public List<TextMatches> Search(ILinePattern pattern, SearchBudget? budget = null) =>
        [.. new TextSearch(Archive.Segments, pattern, budget ?? Unbounded()).Newest()];

    public static SearchBudget Unbounded() => new(TimeProvider.System, TimeSpan.FromHours(1), long.MaxValue);

    public static RegexPattern Regex(string pattern) =>
        RegexPattern.TryCreate(pattern, out var fault) ?? throw new ArgumentException(fault);

    public void Dispose()
    {
        Archive.Dispose();
        folder.Dispose();
    }
}
