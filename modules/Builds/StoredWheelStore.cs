using Refinery.Kernel.Storage;

namespace Refinery.Builds;

/// <summary>The table <c>stored_wheels</c>: every wheel our builds made.</summary>
internal sealed class StoredWheelStore(Database database)
{
    // A package built more often than this is looked for among its newest.
    private const int MaxRows = 1000;

    /// <summary>The wheels of a package, newest first; empty when there are none.</summary>
    /// <param name="nameKey">The package's name, normalised.</param>
    public Task<IReadOnlyList<StoredWheelRow>> ListAsync(string nameKey, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<StoredWheelRow>(
            "SELECT * FROM stored_wheels WHERE name_key = @NameKey ORDER BY sequence DESC LIMIT @MaxRows", new { NameKey = nameKey, MaxRows }),
        cancellationToken);

    /// <summary>Empties the table.</summary>
    public static Task ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM stored_wheels");

    /// <summary>Writes a wheel's row.</summary>
    public static Task InsertAsync(SqlSession sql, StoredWheelRow row) => sql.ExecuteAsync(
        """
        INSERT INTO stored_wheels (sequence, name_key, version, python_tag, platform_tag, file_name, sha256, size_bytes, source_sha256)
        VALUES (@Sequence, @NameKey, @Version, @PythonTag, @PlatformTag, @FileName, @Sha256, @SizeBytes, @SourceSha256)
        """,
        row);
}

/// <summary>A row of <c>stored_wheels</c>.</summary>
internal sealed record StoredWheelRow
{
    public required long Sequence { get; init; }
    public required string NameKey { get; init; }
    public required string Version { get; init; }

    /// <summary>What it was built for; null when the build named no target.</summary>
    public string? PythonTag { get; init; }

    public string? PlatformTag { get; init; }
    public required string FileName { get; init; }
    public required string Sha256 { get; init; }
    public required long SizeBytes { get; init; }

    /// <summary>The digest of the sdist it was built from; null when unknown.</summary>
    public string? SourceSha256 { get; init; }
}
