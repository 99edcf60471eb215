using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>The logs of the steps run here: each a file on this disk that is sent while it grows.</summary>
internal sealed class RemoteLogs : ILogs
{
    private readonly Lock gate = new();
    private readonly List<UnsentLog> unsent = [];
    private readonly string folder;
    private readonly WorkProtocol server;
    private readonly Ids ids;
    private readonly TimeProvider clock;
    private readonly TimeSpan pause;

    public RemoteLogs(IDataDirectory data, WorkProtocol server, Ids ids, TimeProvider clock, IOptions<WorkerOptions> options)
    {
        folder = Path.Combine(data.Path, "logs");
        (this.server, this.ids, this.clock, pause) = (server, ids, clock, options.Value.Heartbeat);
    }

    public Task<ILogWriter> OpenAsync(LogKey key, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        return Task.FromResult<ILogWriter>(new RemoteLog(key, PathOf($"{ids.New("log")}.log"), server, Keep, clock, pause));
    }

    public string PathOf(string fileName) => Path.Combine(folder, fileName);

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
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
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
