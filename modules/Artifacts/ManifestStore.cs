using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;

namespace Refinery.Artifacts;

/// <summary>The tables <c>manifest_runs</c> and <c>manifest_entries</c>.</summary>
internal sealed class ManifestStore(Database database)
{
    /// <summary>Journals entries; the projection writes their rows.</summary>
    /// <param name="entries">At least one, already checked.</param>
    /// <returns>How many.</returns>
    public Task<int> SaveAsync(IReadOnlyList<ManifestEntry> entries, CancellationToken cancellationToken) => database.WriteAsync(
        sql =>
        {
            sql.Append(ManifestProjection.Save(entries));
            return Task.FromResult(entries.Count);
        },
        cancellationToken);

    /// <summary>Entries, newest run first; within a run the newest event first, and its entries in their order.</summary>
    /// <param name="runId">Of this run only; null for any.</param>
    public Task<IReadOnlyList<ManifestRow>> ListAsync(string? runId, Page page, CancellationToken cancellationToken) =>
        database.ReadAsync(
            sql => runId is null
                ? sql.QueryAsync<ManifestRow>(
                    """
                    SELECT entry.* FROM manifest_runs run JOIN manifest_entries entry ON entry.run_key = run.run_key
                    ORDER BY run.last_sequence DESC, entry.sequence DESC, entry.position LIMIT @Limit OFFSET @Offset
                    """,
                    new { page.Limit, page.Offset })
                : sql.QueryAsync<ManifestRow>(
                    """
                    SELECT * FROM manifest_entries WHERE run_key = @RunKey
                    ORDER BY sequence DESC, position LIMIT @Limit OFFSET @Offset
                    """,
                    new { RunKey = $"run:{runId}", page.Limit, page.Offset }),
            cancellationToken);

    /// <summary>Entries that have a wheel, in the order of <see cref="ListAsync"/>.</summary>
    public Task<IReadOnlyList<ManifestRow>> ListWheelsAsync(Page page, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<ManifestRow>(
            """
            SELECT entry.* FROM manifest_runs run JOIN manifest_entries entry ON entry.run_key = run.run_key
            WHERE entry.wheel <> ''
            ORDER BY run.last_sequence DESC, entry.sequence DESC, entry.position LIMIT @Limit OFFSET @Offset
            """,
            new { page.Limit, page.Offset }),
        cancellationToken);

    /// <summary>Empties both tables.</summary>
    public static async Task ResetAsync(SqlSession sql)
    {
        await sql.ExecuteAsync("DELETE FROM manifest_entries");
        await sql.ExecuteAsync("DELETE FROM manifest_runs");
    }

    /// <summary>Writes an entry's row and makes its run the newest.</summary>
    public static async Task InsertAsync(SqlSession sql, ManifestRow row)
    {
        await sql.ExecuteAsync(
            """
            INSERT INTO manifest_entries
                (sequence, position, run_key, run_id, name, version, wheel, python_tag, platform_tag, status, sha256, size_bytes)
            VALUES (@Sequence, @Position, @RunKey, @RunId, @Name, @Version, @Wheel, @PythonTag, @PlatformTag, @Status, @Sha256, @SizeBytes)
            """,
            row);
        await sql.ExecuteAsync(
            """
            INSERT INTO manifest_runs (run_key, last_sequence) VALUES (@RunKey, @Sequence)
            ON CONFLICT (run_key) DO UPDATE SET last_sequence = excluded.last_sequence
            """,
            new { row.RunKey, row.Sequence });
    }
}
