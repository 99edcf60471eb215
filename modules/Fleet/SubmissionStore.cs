using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>submissions</c>: which step each Idempotency-Key made.</summary>
internal static class SubmissionStore
{
    /// <summary>Takes a key for a step that is yet to be stored; 0 when the key is taken.</summary>
    public static Task<int> TakeAsync(SqlSession sql, string key, DateTimeOffset now) => sql.ExecuteAsync(
        "INSERT INTO submissions (submission_key, created_at) VALUES (@Key, @Now) ON CONFLICT (submission_key) DO NOTHING", new { Key = key, Now = now });

    /// <summary>Names the step that a key made.</summary>
    public static Task<int> NameAsync(SqlSession sql, string key, string stepId) =>
        sql.ExecuteAsync("UPDATE submissions SET step_id = @StepId WHERE submission_key = @Key", new { Key = key, StepId = stepId });

    /// <summary>Frees a key that has made nothing.</summary>
    public static Task<int> DeleteAsync(SqlSession sql, string key) =>
        sql.ExecuteAsync("DELETE FROM submissions WHERE submission_key = @Key", new { Key = key });

    /// <summary>The step that a key made, or null.</summary>
    public static Task<string?> FindAsync(SqlSession sql, string key) =>
        sql.FirstOrDefaultAsync<string>("SELECT step_id FROM submissions WHERE submission_key = @Key", new { Key = key });
}
