using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Logs;

/// <summary>The logs being written now.</summary>
internal sealed class LiveLogs : ILogs
{
    private readonly Lock gate = new();
    private readonly List<LiveLog> open = [];
    private readonly LogIntake intake;
    private readonly Ids ids;

    public LiveLogs(IDataDirectory data, LogIntake intake, Ids ids)
    {
        Folder = Path.Combine(data.Path, "logs", "live");
        Directory.CreateDirectory(Folder);
        this.intake = intake;
        this.ids = ids;
    }

    /// <summary>Where their files lie: one a log, its first line who it is.</summary>
    public string Folder { get; }

    async Task<ILogWriter> ILogs.OpenAsync(LogKey key, CancellationToken cancellationToken) => await OpenAsync(key, cancellationToken);

    /// <summary>Opens the live log of one attempt. An open log of the same key is ended first.</summary>
    public async Task<LiveLog> OpenAsync(LogKey key, CancellationToken cancellationToken)
    {
        if (Find(live => IsSame(live.Log, key)) is { } before)
        {
            await before.CompleteAsync(cancellationToken);
        }

        var log = new NewLog(ids.New("log"), LogNames.Clean(key.Name), LogNames.Clean(key.Version), key.Attempt, key.RunId);
        var opened = new LiveLog(log, Path.Combine(Folder, $"{log.LogId}.log"), intake, Remove);
        lock (gate)
        {
            open.Add(opened);
        }

        return opened;
    }

    /// <summary>The log of that id while it is written, or null.</summary>
    public LiveLog? Find(string logId) => Find(live => live.Log.LogId == logId);

    /// <summary>The log of a version that was opened last and is still written, or null.</summary>
    public LiveLog? FindNewest(string normalizedName, string version, long? attempt) => Find(live =>
        live.Log.Version == version
        && (attempt is null || live.Log.Attempt == attempt)
        && PackageName.Normalize(live.Log.Name) == normalizedName);

    private static bool IsSame(NewLog log, LogKey key) =>
        log.Version == key.Version && log.Attempt == key.Attempt && log.RunId == key.RunId
        && PackageName.Normalize(log.Name) == PackageName.Normalize(key.Name);

    private LiveLog? Find(Predicate<LiveLog> isWanted)
    {
        lock (gate)
        {
            return open.FindLast(isWanted);
        }
    }

    private void Remove(LiveLog ended)
    {
        lock (gate)
        {
            open.Remove(ended);
        }
    }
}
