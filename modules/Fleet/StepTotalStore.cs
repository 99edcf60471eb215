using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>step_totals</c>: how many steps have ended, by status, so that nobody counts them anew.</summary>
internal static class StepTotalStore
{
    /// <param name="totals">Each status once.</param>
    public static Task AddAsync(SqlSession sql, IReadOnlyCollection<StepTotal> totals) => sql.ExecuteAllAsync(
        """
        INSERT INTO step_totals (status, count) VALUES (@Status, @Count)
        ON CONFLICT (status) DO UPDATE SET count = step_totals.count + excluded.count
        """,
        totals);

    /// <summary>How many steps have ended with a status.</summary>
    public static Task<long> FindAsync(SqlSession sql, string status) =>
        sql.FirstOrDefaultAsync<long>("SELECT count FROM step_totals WHERE status = @Status", new { Status = status });

    public static Task<int> ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM step_totals");
}

/// <summary>How many steps have ended with a status.</summary>
internal sealed record StepTotal(string Status, long Count);
