using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>pods</c>.</summary>
internal static class PodStore
{
    public static Task<int> BeatAsync(SqlSession sql, PodRow pod) => sql.ExecuteAsync(
        """
        INSERT INTO pods (pod_id, host_id, kinds, capacity, running, version, born_at, beat_at)
        VALUES (@PodId, @HostId, @Kinds, @Capacity, @Running, @Version, @BeatAt, @BeatAt)
        ON CONFLICT (pod_id) DO UPDATE SET kinds = excluded.kinds, capacity = excluded.capacity,
            running = excluded.running, version = excluded.version, beat_at = excluded.beat_at
        """,
        new { pod.PodId, pod.HostId, pod.Kinds, pod.Capacity, pod.Running, pod.Version, pod.BeatAt });

    public static Task<IReadOnlyList<PodRow>> ListAsync(SqlSession sql) =>
        sql.QueryAsync<PodRow>("SELECT * FROM pods ORDER BY born_at, pod_id");

    /// <summary>Earlier local pods of the same data directory: dead, because one process at a time holds it.</summary>
    public static Task<IReadOnlyList<PodRow>> ListOfHostAsync(SqlSession sql, string hostId) =>
        sql.QueryAsync<PodRow>("SELECT * FROM pods WHERE host_id = @HostId", new { HostId = hostId });

    public static Task<int> DeleteAsync(SqlSession sql, string podId) =>
        sql.ExecuteAsync("DELETE FROM pods WHERE pod_id = @PodId", new { PodId = podId });

    /// <summary>Forgets pods that beat last before an instant and hold nothing worth naming.</summary>
    public static Task<int> DeleteSilentAsync(SqlSession sql, DateTimeOffset before) =>
        sql.ExecuteAsync("DELETE FROM pods WHERE beat_at < @Before", new { Before = before });
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
    public DateTimeOffset BornAt { get; init; }
    public required DateTimeOffset BeatAt { get; init; }
}
