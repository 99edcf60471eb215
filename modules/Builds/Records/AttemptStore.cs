using Refinery.Kernel.Storage;

namespace Refinery.Builds.Records;

/// <summary>The table <c>build_attempts</c>. Its rows come from the journal only.</summary>
internal sealed class AttemptStore(Database database)
{
    // More are never shown.
    private const int MaxRows = 1000;

    /// <summary>The attempts of a build, first one first.</summary>
    public Task<IReadOnlyList<AttemptRow>> ListAsync(string stepId, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.QueryAsync<AttemptRow>(
            "SELECT * FROM build_attempts WHERE step_id = @StepId ORDER BY attempt_number LIMIT @MaxRows", new { StepId = stepId, MaxRows }),
        cancellationToken);

    /// <summary>Called by the projection only.</summary>
    public static Task InsertAsync(SqlSession sql, IReadOnlyList<AttemptRow> rows) => sql.ExecuteAllAsync(
        """
        INSERT INTO build_attempts (step_id, attempt_number, status, pod_id, created_at)
        VALUES (@StepId, @AttemptNumber, @Status, @PodId, @CreatedAt)
        ON CONFLICT (step_id, attempt_number) DO NOTHING
        """,
        rows);

    /// <summary>Called by the projection only; what is null in the row stays.</summary>
    public static Task<int> UpdateAsync(SqlSession sql, AttemptRow row) => sql.ExecuteAsync(
        """
        UPDATE build_attempts SET status = @Status, started_at = COALESCE(@StartedAt, started_at), ended_at = @EndedAt, detail = @Detail,
            failure_reason = @FailureReason, matched_hint_ids = @MatchedHintIds, log_sha256 = COALESCE(@LogSha256, log_sha256)
        WHERE step_id = @StepId AND attempt_number = @AttemptNumber
        """,
        row);

    /// <summary>Called by the projection only. The log of an attempt that was cancelled is stored after it has ended.</summary>
    public static Task<int> SetLogAsync(SqlSession sql, AttemptLog log) => sql.ExecuteAsync(
        "UPDATE build_attempts SET log_sha256 = @Sha256 WHERE step_id = @StepId AND attempt_number = @AttemptNumber", log);

    /// <summary>Called by the projection only.</summary>
    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM build_attempts");
}
