using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Who this process is: a pod id of its own for each start, and a host id that lives as long as its data directory.</summary>
internal sealed class PodIdentity(IDataDirectory data)
{
    private readonly Lazy<string> hostId = new(() => ReadHostId(Path.Combine(data.Path, "host-id")));

    /// <summary><c>pod-{machine}-{6 hex}</c>.</summary>
    public string PodId { get; } = PodName.New("pod");

    /// <summary>Earlier pods with this id are dead: one process at a time holds the directory.</summary>
    public string HostId => hostId.Value;

    private static string ReadHostId(string path)
    {
        if (!File.Exists(path))
        {
            File.WriteAllText(path, Ids.RandomHex(16));
        }

        return File.ReadAllText(path).Trim();
    }
}
