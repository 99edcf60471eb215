using Refinery.Kernel.Storage;

namespace Refinery.Artifacts;

/// <summary>The tables <c>manifest_entries</c> and <c>manifest_runs</c>, written by the projection alone.</summary>
internal static class ManifestStore
{
    public static async Task ResetAsync(SqlSession sql)
    {
        await sql.ExecuteAsync("DELETE FROM manifest_entries");
        await sql.ExecuteAsync("DELETE FROM manifest_runs");
    }

    public static async Task InsertAsync(SqlSession sql, ManifestRow row)
    {
        await sql.ExecuteAsync(
            """
            INSERT INTO manifest_entries (entry_id, sequence, run_id, name, version, wheel, python_tag, platform_tag, status, sha256, size_bytes)
            VALUES (@EntryId, @Sequence, @RunId, @Name, @Version, @Wheel, @PythonTag, @PlatformTag, @Status, @Sha256, @SizeBytes)
            """,
            new { row.EntryId, row.Sequence, row.RunId, row.Name, row.Version, row.Wheel, row.PythonTag, row.PlatformTag, row.Status, row.Sha256, row.SizeBytes });
        await sql.ExecuteAsync(
            """
            INSERT INTO manifest_runs (run_key, last_sequence) VALUES (@RunKey, @Sequence)
            ON CONFLICT (run_key) DO UPDATE SET last_sequence = excluded.last_sequence
            """,
            new { RunKey = row.RunId ?? string.Empty, row.Sequence });
    }

    /// <summary>Newest run first, newest entry first within it.</summary>
    public static Task<IReadOnlyList<ManifestRow>> ListAsync(SqlSession sql, int limit) => sql.QueryAsync<ManifestRow>(
        """
        SELECT entry.* FROM manifest_entries entry
        JOIN manifest_runs run ON run.run_key = COALESCE(entry.run_id, '')
        ORDER BY run.last_sequence DESC, entry.entry_id DESC LIMIT @Limit
        """,
        new { Limit = limit });

    public static Task<IReadOnlyList<ManifestRow>> ListRunAsync(SqlSession sql, string runId, int limit) => sql.QueryAsync<ManifestRow>(
        "SELECT * FROM manifest_entries WHERE run_id = @RunId ORDER BY entry_id DESC LIMIT @Limit", new { RunId = runId, Limit = limit });

    /// <summary>Entries that have a wheel, newest first.</summary>
    public static Task<IReadOnlyList<ManifestRow>> ListWheelsAsync(SqlSession sql, int limit) => sql.QueryAsync<ManifestRow>(
        "SELECT * FROM manifest_entries WHERE wheel <> '' ORDER BY entry_id DESC LIMIT @Limit", new { Limit = limit });
}

/// <summary>A row of <c>manifest_entries</c>.</summary>
internal sealed record ManifestRow
{
    public required long EntryId { get; init; }
    public required long Sequence { get; init; }
    public string? RunId { get; init; }
    public required string Name { get; init; }
    public required string Version { get; init; }
    public required string Wheel { get; init; }
    public string? PythonTag { get; init; }
    public string? PlatformTag { get; init; }
    public required string Status { get; init; }
    public string? Sha256 { get; init; }
    public long? SizeBytes { get; init; }
}
