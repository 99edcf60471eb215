using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>The logs of the steps run here: each a file on this disk that is sent while it grows.</summary>
internal sealed class RemoteLogs(
    IDataDirectory data, WorkProtocol server, WorkerIdentity identity, Ids ids, TimeProvider clock, IOptions<WorkerOptions> options) : ILogs
{
    private readonly Lock gate = new();
    private readonly List<UnsentLog> unsent = [];

    private string Folder => Path.Combine(data.Path, "logs");

    public Task<ILogWriter> OpenAsync(ClaimedStep step, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder);
        var path = PathOf($"{ids.New("log")}.log");
        return Task.FromResult<ILogWriter>(new RemoteLog(step.ToLogKey(), new Holder(step.StepId, identity.PodId, step.Fence), path, server, Keep, clock, options.Value.Heartbeat));
    }

    public string PathOf(string fileName) => Path.Combine(Folder, fileName);

    /// <summary>A log that ended while the server did not hear it, or null.</summary>
    public UnsentLog? Find(LogKey key, StoredLog? log)
    {
        lock (gate)
        {
            return unsent.Find(kept => kept.Key == key && kept.Sha256 == log?.Sha256);
        }
    }

    /// <summary>A letter takes care of the log now.</summary>
    public void Forget(UnsentLog? log)
    {
        lock (gate)
        {
            unsent.RemoveAll(kept => kept == log);
        }
    }

    /// <summary>Removes the files of logs whose attempts died with an earlier process.</summary>
    /// <param name="wanted">The names of those that letters still send.</param>
    public void Clear(IReadOnlyCollection<string> wanted)
    {
        foreach (var path in Directory.Exists(Folder) ? Directory.GetFiles(Folder) : [])
        {
            if (!wanted.Contains(Path.GetFileName(path), StringComparer.Ordinal))
            {
                File.Delete(path);
            }
        }
    }

    private void Keep(UnsentLog log)
    {
        lock (gate)
        {
            unsent.Add(log);
        }
    }
}

/// <summary>A whole log on this disk that the server does not have yet.</summary>
/// <param name="FileName">Its name in the folder of logs.</param>
internal sealed record UnsentLog(LogKey Key, string FileName, string Sha256);
