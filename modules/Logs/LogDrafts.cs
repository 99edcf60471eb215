using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>Makes drafts whose long texts go to a folder of their own until they are stored.</summary>
internal sealed class LogDrafts
{
    private readonly string folder;
    private readonly Ids ids;

    public LogDrafts(IDataDirectory data, Ids ids)
    {
        folder = Path.Combine(data.Path, "logs", "incoming");
        Directory.CreateDirectory(folder);
        this.ids = ids;
    }

    public LogDraft New() => new(Path.Combine(folder, ids.New("draft")));

    /// <summary>Deletes what a process that died has left.</summary>
    public void Clear()
    {
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            File.Delete(path);
        }
    }
}
