using Refinery.Kernel.Storage;

namespace Refinery.Builds.Records;

/// <summary>The table <c>builds</c>. Its rows come from the journal only.</summary>
internal sealed class BuildStore(Database database)
{
    private const string OfThirdParty = "third_party_id = @ThirdPartyId";
    private const string OfParser = "parser_id = @ParserId";

    // The index of parsers holds the third party too; written so, no engine takes the third party's index, which may be far longer.
    private const string OfBoth = $"{OfParser} AND third_party_id || '' = @ThirdPartyId";

    // An id ends with the end of its step's, and those ascend; the ids themselves lie all over an index.
    private const string OfId = "substr(build_id, length(build_id) - 7) = @Ending AND build_id = @BuildId";

    // Every text is made once: one for each index and for one status or all of them.
    private static readonly (string OfStatus, string OfAll) Any = Texts("1 = 1");
    private static readonly (string OfStatus, string OfAll) ByThirdParty = Texts(OfThirdParty);
    private static readonly (string OfStatus, string OfAll) ByParser = Texts(OfParser);
    private static readonly (string OfStatus, string OfAll) ByBoth = Texts(OfBoth);

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

    /// <summary>Called by the projection only.</summary>
    public static Task<BuildState?> FindOfStepAsync(SqlSession sql, string buildId, string stepId) => sql.FirstOrDefaultAsync(
        row => new BuildState(row.Whole(0), row.Text(1), row.Text(2)) { StartedAt = row.InstantOrNull(3), CompletedAt = row.InstantOrNull(4), Detail = row.TextOrNull(5) },
        $"SELECT sequence, third_party_id, status, started_at, completed_at, detail FROM builds WHERE {OfId} AND step_id = @StepId",
        new { BuildId = buildId, Ending = Ending(buildId), StepId = stepId });

    /// <summary>Called by the projection only.</summary>
    public static Task<int> InsertAsync(SqlSession sql, BuildRow row) => sql.ExecuteAsync(
        """
        INSERT INTO builds (sequence, step_id, build_id, type, third_party_id, parser_id, image_uri, package, version, run_id, status, created_at)
        VALUES (@Sequence, @StepId, @BuildId, @Type, @ThirdPartyId, @ParserId, @ImageUri, @Package, @Version, @RunId, @Status, @CreatedAt)
        """,
        row);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> UpdateAsync(SqlSession sql, BuildState row) => sql.ExecuteAsync(
        "UPDATE builds SET status = @Status, started_at = @StartedAt, completed_at = @CompletedAt, detail = @Detail WHERE sequence = @Sequence",
        row);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM builds");

    private static string Ending(string buildId) => buildId.Length > 8 ? buildId[^8..] : buildId;

    private static (string OfStatus, string OfAll) Texts(string condition)
    {
        var each = BuildStatus.All.Select(status => $"""
            SELECT * FROM (SELECT * FROM builds WHERE status = '{status}' AND {condition} ORDER BY sequence DESC LIMIT @Reach) AS {status}
            """);
        return (
            $"SELECT * FROM builds WHERE status = @Status AND {condition} ORDER BY sequence DESC LIMIT @Limit OFFSET @Offset",
            $"SELECT * FROM ({string.Join(" UNION ALL ", each)}) AS found ORDER BY sequence DESC LIMIT @Limit OFFSET @Offset");
    }
}

/// <summary>Which builds are asked for; null members ask for nothing.</summary>
internal sealed record BuildFilter(string? ThirdPartyId, string? ParserId, string? Status);
