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

    /// <summary>Pulsed when one is opened.</summary>
    public AsyncSignal Opened { get; } = new();

    /// <summary>Where their files lie: one a log, its first line who it is.</summary>
    public string Folder { get; }

    public Task<ILogWriter> OpenAsync(ClaimedStep step, CancellationToken cancellationToken) => Task.FromResult<ILogWriter>(Open(step.ToLogKey()));

    /// <summary>Opens a log of its own for one writer, whoever else writes one of the same key.</summary>
    public LiveLog Open(LogKey key)
    {
        var log = new NewLog(ids.New("log"), LogNames.Clean(key.Name), LogNames.Clean(key.Version), key.Attempt, key.RunId, StepId: key.StepId);
        var opened = new LiveLog(log, Path.Combine(Folder, $"{log.LogId}.log"), intake, Remove);
        lock (gate)
        {
            open.Add(opened);
        }

        Opened.Pulse();
        return opened;
    }

    /// <summary>All of them, by age.</summary>
    public IReadOnlyList<LiveLog> List()
    {
        lock (gate)
        {
            return [.. open];
        }
    }

    /// <summary>The log of that id while it is written, or null.</summary>
    public LiveLog? Find(string logId) => Find(live => live.Log.LogId == logId);

    /// <summary>The log of a step's attempt while it is written, or null.</summary>
    public LiveLog? Find(string stepId, int? attempt) => Find(live => live.Log.StepId == stepId && live.Log.Attempt == attempt);

    /// <summary>The log of a version that was opened last and is still written, or null.</summary>
    public LiveLog? FindNewest(string normalizedName, string version, long? attempt) => Find(live =>
        live.Log.Version == version
        && (attempt is null || live.Log.Attempt == attempt)
        && PackageName.Normalize(live.Log.Name) == normalizedName);

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
