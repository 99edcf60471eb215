using Refinery.Kernel.Storage;

namespace Refinery.Builds.Records;

/// <summary>The table <c>builds</c>. Its rows come from the journal only.</summary>
internal sealed class BuildStore(Database database)
{
    private const string OfThirdParty = "third_party_id = @ThirdPartyId";
    private const string OfParser = "parser_id = @ParserId";

    // The index of parsers holds the third party too; written so, no engine takes the third party's index, which may be far longer.
    private const string OfBoth = $"{OfParser} AND third_party_id || '' = @ThirdPartyId";

    private const string OfPackage = $"status IN ('pending', 'running') AND (@Status IS NULL OR status || '' = @Status) AND name_key = @NameKey AND {OfRest}";

    // An id ends with the end of its step's, and those ascend; the ids themselves lie all over an index.
    private const string OfId = "substr(build_id, length(build_id) - 7) = @Ending AND build_id = @BuildId";

    // Written so, no engine takes the index of a column that is not the chosen one's.
    private const string OfRest = """
        (@ThirdPartyId IS NULL OR third_party_id || '' = @ThirdPartyId) AND (@ParserId IS NULL OR parser_id || '' = @ParserId)
        AND (@NameKey IS NULL OR name_key || '' = @NameKey) AND (@Version IS NULL OR version = @Version)
        AND (@PythonTag IS NULL OR COALESCE(python_tag, '') = @PythonTag) AND (@PlatformTag IS NULL OR COALESCE(platform_tag, '') = @PlatformTag)
        AND (@RunId IS NULL OR run_id = @RunId) AND sequence > @After AND sequence <= @Last
        """;

    // Every text is made once: one for each index and for one status or all of them.
    private static readonly (string OfStatus, string OfAll) Any = (Texts("1 = 1").OfStatus, "SELECT * FROM builds ORDER BY sequence DESC LIMIT @Limit OFFSET @Offset");
    private static readonly (string OfStatus, string OfAll) ByThirdParty = Texts(OfThirdParty);
    private static readonly (string OfStatus, string OfAll) ByParser = Texts(OfParser);
    private static readonly (string OfStatus, string OfAll) ByBoth = Texts(OfBoth);
    private static readonly (string List, string Count) AnyActive = ActiveTexts("1 = 1");
    private static readonly (string List, string Count) ActiveByThirdParty = ActiveTexts(OfThirdParty);
    private static readonly (string List, string Count) ActiveByParser = ActiveTexts(OfParser);
    private static readonly (string List, string Count) ActiveByPackage = (
        $"SELECT sequence, step_id, build_id FROM builds WHERE {OfPackage} ORDER BY sequence LIMIT @Limit", $"SELECT COUNT(*) FROM builds WHERE {OfPackage}");

    /// <summary>Builds that pass a filter, newest first.</summary>
    public Task<IReadOnlyList<BuildRow>> ListAsync(BuildFilter filter, int limit, int offset, CancellationToken cancellationToken)
    {
        var (ofStatus, ofAll) = filter switch
        {
            { ThirdPartyId: not null, ParserId: not null } => ByBoth,
            { ThirdPartyId: not null } => ByThirdParty,
            { ParserId: not null } => ByParser,
            _ => Any,
        };
        var parameters = new { filter.ThirdPartyId, filter.ParserId, filter.Status, Reach = (long)limit + offset, Limit = limit, Offset = offset };
        return database.ReadAsync(sql => sql.QueryAsync<BuildRow>(filter.Status is null ? ofAll : ofStatus, parameters), cancellationToken);
    }

    /// <summary>The newest build of an id, or null.</summary>
    public Task<BuildRow?> FindAsync(string buildId, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<BuildRow>(
            $"SELECT * FROM builds WHERE {OfId} ORDER BY sequence DESC LIMIT 1", new { BuildId = buildId, Ending = Ending(buildId) }),
        cancellationToken);

    /// <summary>How many builds pass a filter that names a parser.</summary>
    public Task<long> CountOfParserAsync(BuildFilter filter, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstOrDefaultAsync<long>(
            (filter.ThirdPartyId, filter.Status) switch
            {
                (null, null) => $"SELECT COUNT(*) FROM builds WHERE {OfParser}",
                (null, _) => $"SELECT COUNT(*) FROM builds WHERE {OfParser} AND status = @Status",
                (_, null) => $"SELECT COUNT(*) FROM builds WHERE {OfBoth}",
                _ => $"SELECT COUNT(*) FROM builds WHERE {OfBoth} AND status = @Status",
            },
            new { filter.ParserId, filter.ThirdPartyId, filter.Status }),
        cancellationToken);

    /// <summary>The next builds that have not ended and pass a filter, oldest first.</summary>
    public Task<IReadOnlyList<ActiveBuild>> ListActiveAsync(ActiveFilter filter, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<ActiveBuild>(Active(filter).List, filter with { Limit = limit }), cancellationToken);

    /// <summary>How many builds have not ended and pass a filter.</summary>
    public Task<long> CountActiveAsync(ActiveFilter filter, CancellationToken cancellationToken) =>
        database.ReadAsync(sql => sql.FirstOrDefaultAsync<long>(Active(filter).Count, filter), cancellationToken);

    /// <summary>The sequence of the newest build; 0 when there is none.</summary>
    public Task<long> LastAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(sql => sql.FirstOrDefaultAsync<long>("SELECT COALESCE(MAX(sequence), 0) FROM builds"), cancellationToken);

    /// <summary>Called by the projection only.</summary>
    public static Task<BuildState?> FindOfStepAsync(SqlSession sql, string buildId, string stepId) => sql.FirstOrDefaultAsync(
        row => new BuildState(row.Whole(0), row.Text(1), row.Text(2)) { StartedAt = row.InstantOrNull(3), CompletedAt = row.InstantOrNull(4), Detail = row.TextOrNull(5) },
        $"SELECT sequence, third_party_id, status, started_at, completed_at, detail FROM builds WHERE {OfId} AND step_id = @StepId",
        new { BuildId = buildId, Ending = Ending(buildId), StepId = stepId });

    /// <summary>Called by the projection only.</summary>
    public static Task InsertAsync(SqlSession sql, IReadOnlyList<BuildRow> rows) => sql.ExecuteAllAsync(
        """
        INSERT INTO builds (sequence, step_id, build_id, type, third_party_id, parser_id, image_uri,
            package, name_key, version, python_tag, platform_tag, run_id, status, created_at)
        VALUES (@Sequence, @StepId, @BuildId, @Type, @ThirdPartyId, @ParserId, @ImageUri,
            @Package, @NameKey, @Version, @PythonTag, @PlatformTag, @RunId, @Status, @CreatedAt)
        """,
        rows);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> UpdateAsync(SqlSession sql, BuildState row) => sql.ExecuteAsync(
        "UPDATE builds SET status = @Status, started_at = @StartedAt, completed_at = @CompletedAt, detail = @Detail WHERE sequence = @Sequence",
        row);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM builds");

    private static string Ending(string buildId) => buildId.Length > 8 ? buildId[^8..] : buildId;

    private static (string List, string Count) Active(ActiveFilter filter) => filter switch
    {
        { NameKey: not null } => ActiveByPackage,
        { ParserId: not null } => ActiveByParser,
        { ThirdPartyId: not null } => ActiveByThirdParty,
        _ => AnyActive,
    };

    private static (string List, string Count) ActiveTexts(string condition)
    {
        string Of(string status) => $"status = '{status}' AND (@Status IS NULL OR @Status = '{status}') AND {condition} AND {OfRest}";
        string First(string status) => $"""
            SELECT * FROM (SELECT sequence, step_id, build_id FROM builds WHERE {Of(status)} ORDER BY sequence LIMIT @Limit) AS {status}
            """;
        string Count(string status) => $"(SELECT COUNT(*) FROM builds WHERE {Of(status)})";
        return (
            $"SELECT * FROM ({First(BuildStatus.Pending)} UNION ALL {First(BuildStatus.Running)}) AS found ORDER BY sequence LIMIT @Limit",
            $"SELECT {Count(BuildStatus.Pending)} + {Count(BuildStatus.Running)}");
    }

    private static (string OfStatus, string OfAll) Texts(string condition)
    {
        // The index alone says which; then only those rows are read that are shown.
        var each = BuildStatus.All.Select(status => $"""
            SELECT * FROM (SELECT sequence FROM builds WHERE status = '{status}' AND {condition} ORDER BY sequence DESC LIMIT @Reach) AS {status}
            """);
        return (
            $"SELECT * FROM builds WHERE status = @Status AND {condition} ORDER BY sequence DESC LIMIT @Limit OFFSET @Offset",
            $"""
            SELECT * FROM builds WHERE sequence IN (
                SELECT sequence FROM ({string.Join(" UNION ALL ", each)}) AS found ORDER BY sequence DESC LIMIT @Limit OFFSET @Offset)
            ORDER BY sequence DESC
            """);
    }
}

/// <summary>Which builds are asked for; null members ask for nothing.</summary>
internal sealed record BuildFilter(string? ThirdPartyId, string? ParserId, string? Status);

/// <summary>Which builds that have not ended are meant; null members ask for nothing.</summary>
internal sealed record ActiveFilter
{
    public string? ThirdPartyId { get; init; }
    public string? ParserId { get; init; }

    /// <summary>The package's name as names are compared.</summary>
    public string? NameKey { get; init; }

    public string? Version { get; init; }

    /// <summary>Empty means builds that name none.</summary>
    public string? PythonTag { get; init; }

    /// <summary>Empty means builds that name none.</summary>
    public string? PlatformTag { get; init; }

    public string? RunId { get; init; }

    /// <summary>pending or running.</summary>
    public string? Status { get; init; }

    /// <summary>Only builds after this sequence.</summary>
    public long After { get; init; }

    /// <summary>Only builds up to this sequence: those that come while somebody cancels are not meant.</summary>
    public long Last { get; init; } = long.MaxValue;

    /// <summary>Builds at most.</summary>
    public int Limit { get; init; }
}

/// <summary>A build that has not ended.</summary>
internal sealed record ActiveBuild
{
    public required long Sequence { get; init; }
    public required string StepId { get; init; }
    public required string BuildId { get; init; }
}
