using Refinery.Builds.Processes;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The container engine of this machine: podman, else docker.</summary>
internal sealed class ContainerEngine(ChildProcess children, BuildEnvironment environment, ProcessEnvironment host)
{
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(60);

    /// <summary>Where the engine finds its images, its daemon and its own configuration; none of it enters the container.</summary>
    private static readonly string[] Inherited =
    [
        "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "CONTAINER_HOST",
        "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DBUS_SESSION_BUS_ADDRESS",
    ];

    /// <summary>The engine's program; null when there is none.</summary>
    public string? Find() => Programs.Find("podman", environment.SearchPath) ?? Programs.Find("docker", environment.SearchPath);

    /// <summary>The engine client's environment: the host's for the engine itself, and what is handed into the container by name.</summary>
    public Dictionary<string, string> Environment(IEnumerable<KeyValuePair<string, string>> handed)
    {
        var variables = new Dictionary<string, string>(handed, StringComparer.Ordinal) { ["PATH"] = environment.SearchPath };
        foreach (var name in Inherited)
        {
            BuildEnvironment.Set(variables, name, host[name]);
        }

        return variables;
    }

    /// <summary>Removes a container, running or not; one that is gone already is no fault.</summary>
    public async Task RemoveAsync(string name, WorkFolder work)
    {
        if (Find() is not { } program)
        {
            return;
        }

        var remove = new ChildCommand(program, ["rm", "--force", name], work.Path, Environment([])) { TimeLimit = RemovalLimit };
        await children.RunAsync(remove, static _ => ValueTask.CompletedTask, work, CancellationToken.None);
    }
}
