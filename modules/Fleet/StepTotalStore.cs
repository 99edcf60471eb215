using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>step_totals</c>: how many steps have ended, by status, so that nobody counts them anew.</summary>
internal static class StepTotalStore
{
    public static Task<int> AddAsync(SqlSession sql, string status, long count) => sql.ExecuteAsync(
        """
        INSERT INTO step_totals (status, count) VALUES (@Status, @Count)
        ON CONFLICT (status) DO UPDATE SET count = step_totals.count + excluded.count
        """,
        new { Status = status, Count = count });

    /// <summary>How many steps have ended with a status.</summary>
    public static Task<long> FindAsync(SqlSession sql, string status) =>
        sql.FirstOrDefaultAsync<long>("SELECT count FROM step_totals WHERE status = @Status", new { Status = status });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM step_totals");
}
