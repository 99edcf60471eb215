using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>dead_letters</c>: steps that failed for good and were not replayed.</summary>
internal static class DeadLetterStore
{
    public static Task<int> PutAsync(SqlSession sql, DeadLetterRow row) => sql.ExecuteAsync(
        """
        INSERT INTO dead_letters (step_id, sequence, pod_id, attempts, retry_count, failure_reason, detail, died_at)
        VALUES (@StepId, @Sequence, @PodId, @Attempts, @RetryCount, @FailureReason, @Detail, @DiedAt)
        ON CONFLICT (step_id) DO UPDATE SET sequence = excluded.sequence, pod_id = excluded.pod_id, attempts = excluded.attempts,
            retry_count = excluded.retry_count, failure_reason = excluded.failure_reason, detail = excluded.detail, died_at = excluded.died_at
        """,
        row);

    public static Task<int> DeleteAsync(SqlSession sql, string stepId) =>
        sql.ExecuteAsync("DELETE FROM dead_letters WHERE step_id = @StepId", new { StepId = stepId });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM dead_letters");

    /// <summary>A page, newest first.</summary>
    public static Task<IReadOnlyList<DeadLetterRow>> ListAsync(SqlSession sql, int limit, int offset) => sql.QueryAsync<DeadLetterRow>(
        "SELECT * FROM dead_letters ORDER BY sequence DESC LIMIT @Limit OFFSET @Offset", new { Limit = limit, Offset = offset });
}

/// <summary>A row of the table <c>dead_letters</c>.</summary>
internal sealed record DeadLetterRow
{
    public required string StepId { get; init; }
    public required long Sequence { get; init; }
    public string? PodId { get; init; }
    public required long Attempts { get; init; }
    public required long RetryCount { get; init; }
    public required string FailureReason { get; init; }
    public required string Detail { get; init; }
    public required DateTimeOffset DiedAt { get; init; }
}
