using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>pods</c>.</summary>
internal static class PodStore
{
    /// <summary>True when a host has beaten since an instant.</summary>
    public static async Task<bool> HasHostAsync(SqlSession sql, DateTimeOffset after) =>
        await sql.WholeAsync("SELECT COUNT(*) FROM pods WHERE host_id IS NOT NULL AND state <> 'dead' AND beat_at > @After", new { After = after }) > 0;

    /// <summary>Keeps that a pod lives; its first beat registers it as the youngest.</summary>
    /// <remarks>Age is a rank given in order of arrival: a clock that is set makes nobody older.</remarks>
    public static Task<int> BeatAsync(SqlSession sql, PodRow pod) => sql.ExecuteAsync(
        """
        INSERT INTO pods (pod_id, host_id, kinds, capacity, running, version, state, rank, born_at, beat_at)
        SELECT @PodId, @HostId, @Kinds, @Capacity, @Running, @Version, @State, COALESCE(MAX(rank), 0) + 1, @BeatAt, @BeatAt FROM pods WHERE 1 = 1
        ON CONFLICT (pod_id) DO UPDATE SET kinds = excluded.kinds, capacity = excluded.capacity,
            running = excluded.running, version = excluded.version, state = excluded.state, beat_at = excluded.beat_at
        """,
        new { pod.PodId, pod.HostId, pod.Kinds, pod.Capacity, pod.Running, pod.Version, pod.State, pod.BeatAt });

    /// <summary>All pods known, eldest first.</summary>
    public static Task<IReadOnlyList<PodRow>> ListAsync(SqlSession sql) =>
        sql.QueryAsync<PodRow>("SELECT * FROM pods ORDER BY rank, born_at, pod_id");

    /// <summary>Earlier local pods of the same data directory: dead, because one process at a time holds it.</summary>
    public static Task<IReadOnlyList<PodRow>> ListOfHostAsync(SqlSession sql, string hostId) =>
        sql.QueryAsync<PodRow>("SELECT * FROM pods WHERE host_id = @HostId", new { HostId = hostId });

    public static Task<int> DeleteAsync(SqlSession sql, string podId) =>
        sql.ExecuteAsync("DELETE FROM pods WHERE pod_id = @PodId", new { PodId = podId });

    /// <summary>Pods not known as dead that beat last before an instant, eldest first.</summary>
    public static Task<IReadOnlyList<string>> ListSilentAsync(SqlSession sql, DateTimeOffset before) =>
        sql.QueryAsync<string>("SELECT pod_id FROM pods WHERE beat_at < @Before AND state <> 'dead' ORDER BY rank, pod_id", new { Before = before });

    /// <summary>Marks as dead those who beat last before an instant; their next beat revives them.</summary>
    public static Task<int> BuryAsync(SqlSession sql, DateTimeOffset before) =>
        sql.ExecuteAsync("UPDATE pods SET state = 'dead' WHERE beat_at < @Before AND state <> 'dead'", new { Before = before });

    /// <summary>Forgets pods that beat last before an instant and hold nothing worth naming.</summary>
    public static Task<int> DeleteSilentAsync(SqlSession sql, DateTimeOffset before) =>
        sql.ExecuteAsync("DELETE FROM pods WHERE beat_at < @Before", new { Before = before });

    /// <summary>Lets those who beat after an instant begin their silence anew: the clock was set.</summary>
    public static Task<int> RefreshBeatsAsync(SqlSession sql, DateTimeOffset after, DateTimeOffset now) =>
        sql.ExecuteAsync("UPDATE pods SET beat_at = @Now WHERE beat_at > @After", new { After = after, Now = now });
}

/// <summary>A row of the table <c>pods</c>.</summary>
internal sealed record PodRow
{
    public required string PodId { get; init; }
    public string? HostId { get; init; }
    public required string Kinds { get; init; }
    public required long Capacity { get; init; }
    public required long Running { get; init; }
    public required string Version { get; init; }
    public required string State { get; init; }
    public long Rank { get; init; }
    public DateTimeOffset BornAt { get; init; }
    public required DateTimeOffset BeatAt { get; init; }

    /// <summary>Only a pod inside a host knows the database that the leader writes to.</summary>
    public bool CanLead => HostId is not null;
}

/// <summary>States of a pod as the column holds them.</summary>
internal static class PodState
{
    public const string Live = "live";

    /// <summary>Takes no more steps and ends when those it runs have ended.</summary>
    public const string Draining = "draining";
    public const string Dead = "dead";
}
