using System.Globalization;
using System.Text;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>What a container printed, line by line with its instant, as a kubelet keeps it. Instants are coarse, so that many lines share one.</summary>
internal sealed class ContainerLog
{
    private readonly Lock gate = new();
    private readonly List<(DateTimeOffset Instant, byte[] Line)> lines = [];
    private byte[] open = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsEnded { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            var now = DateTimeOffset.UtcNow;
            now = now.AddTicks(-(now.Ticks % (50 * TimeSpan.TicksPerMillisecond)));
            open = [.. open, .. bytes];
            while (Array.IndexOf(open, (byte)'\n') is >= 0 and var end)
            {
                lines.Add((now, open[..(end + 1)]));
                open = open[(end + 1)..];
            }
        }

        Wake();
    }

    public void End()
    {
        lock (gate)
        {
            if (open.Length > 0)
            {
                lines.Add((DateTimeOffset.UtcNow, open));
            }

            IsEnded = true;
        }

        Wake();
    }

    /// <summary>The last of it, as a termination message.</summary>
    public string Tail()
    {
        lock (gate)
        {
            var all = Encoding.UTF8.GetString([.. lines.SelectMany(line => line.Line)]);
            return all.Length > 2048 ? all[^2048..] : all;
        }
    }

    /// <summary>The lines after a number of them, and what completes when there may be more.</summary>
    public (IReadOnlyList<byte[]> Lines, int Next, bool IsEnded, Task Changed) Read(int from, DateTimeOffset since)
    {
        lock (gate)
        {
            return ([.. lines.Skip(from).Where(line => line.Instant >= since).Select(line => Stamped(line.Instant, line.Line))], lines.Count, IsEnded, changed.Task);
        }
    }

    private static byte[] Stamped(DateTimeOffset instant, byte[] line) =>
        [.. Encoding.ASCII.GetBytes(instant.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture) + "Z "), .. line];

    private void Wake()
    {
        lock (gate)
        {
            changed.TrySetResult();
            changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
