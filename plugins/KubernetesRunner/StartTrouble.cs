namespace Refinery.KubernetesRunner;

/// <summary>What keeps a container of the build from starting, and whether it is waited for.</summary>
internal sealed class StartTrouble(TimeProvider clock)
{
    private const string ConfigError = "CreateContainerConfigError";

    /// <summary>How long a kubelet may try again at what often mends itself.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>What nobody need wait for; the value says whether another attempt may go well.</summary>
    private static readonly Dictionary<string, bool> Hopeless = new(StringComparer.Ordinal)
    {
        ["ErrImagePull"] = true, ["ImagePullBackOff"] = true, ["RegistryUnavailable"] = true, ["CreateContainerError"] = true, ["RunContainerError"] = true,
        ["InvalidImageName"] = false, ["ErrImageNeverPull"] = false,
    };

    private string? seen;
    private long since;

    /// <summary>The container that will not start, and whether another attempt may go well; null while there is none or it is worth waiting.</summary>
    /// <param name="own">The name of the build's own Secret, which comes a moment after its Job.</param>
    public (ContainerState Container, bool IsTransient)? Find(PodState state, string own)
    {
        var stuck = state.Containers.FirstOrDefault(container => container.Waiting is { } why && (Hopeless.ContainsKey(why) || why is ConfigError or "ImageInspectError"));
        var now = stuck is null ? null : $"{stuck.Name} {stuck.Waiting}";
        if (now != seen)
        {
            seen = now;
            since = clock.GetTimestamp();
        }

        return stuck is not { Waiting: { } reason } ? null
            : Hopeless.TryGetValue(reason, out var isTransient) ? (stuck, isTransient)
            : reason == ConfigError && IsAbsent(stuck.Message, own) ? (stuck, false)
            : clock.GetElapsedTime(since) >= Limit ? (stuck, true)
            : null;
    }

    /// <summary>Whether it names a Secret, or a key of one, that is not there. Other messages tell of a node that could not ask just now.</summary>
    private static bool IsAbsent(string message, string own) =>
        message.Contains("couldn't find key", StringComparison.Ordinal)
        || (message.TrimEnd('.', ' ', '\n').EndsWith("not found", StringComparison.Ordinal) && !message.Contains(own, StringComparison.Ordinal));
}
