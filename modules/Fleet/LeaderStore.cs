using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>The table <c>leaders</c>: who leads, under which term, and how often it has said so.</summary>
/// <remarks>A term has one holder for ever: it is raised by the one conditional update that gives the lead away.</remarks>
internal static class LeaderStore
{
    public static async Task<LeaderRow> ReadAsync(SqlSession sql) =>
        await sql.FirstOrDefaultAsync<LeaderRow>("SELECT term, beats, pod_id, elected_at, checked_at FROM leaders WHERE role = 'recovery'")
        ?? throw new InvalidOperationException("The table leaders has lost its row.");

    /// <summary>Takes the lead if nobody has moved it since it was seen.</summary>
    /// <returns>1 when it is the pod's now, under the term after the one seen.</returns>
    public static Task<int> TakeAsync(SqlSession sql, string podId, LeaderRow seen, DateTimeOffset now) => sql.ExecuteAsync(
        """
        UPDATE leaders SET term = term + 1, beats = 0, pod_id = @PodId, elected_at = @Now, checked_at = @Now
        WHERE role = 'recovery' AND term = @Term AND beats = @Beats
        """,
        new { PodId = podId, seen.Term, seen.Beats, Now = now });

    /// <summary>Says that the leader lives; 0 when the term is over.</summary>
    public static Task<int> RenewAsync(SqlSession sql, Lead lead, DateTimeOffset now) => sql.ExecuteAsync(
        "UPDATE leaders SET beats = beats + 1, checked_at = @Now WHERE role = 'recovery' AND pod_id = @PodId AND term = @Term",
        new { lead.PodId, lead.Term, Now = now });

    /// <summary>True while the term lasts; until the transaction ends nobody can take the lead.</summary>
    /// <remarks>Each write of the leader begins with it, in the same transaction: a leader that was replaced while it slept changes nothing.</remarks>
    public static async Task<bool> HoldAsync(SqlSession sql, Lead lead) => await sql.ExecuteAsync(
        "UPDATE leaders SET term = term WHERE role = 'recovery' AND pod_id = @PodId AND term = @Term", lead) == 1;

    /// <summary>Frees the lead of a pod that stops or is known to be dead.</summary>
    public static Task<int> VacateAsync(SqlSession sql, string podId) => sql.ExecuteAsync(
        "UPDATE leaders SET beats = beats + 1, pod_id = NULL WHERE role = 'recovery' AND pod_id = @PodId", new { PodId = podId });
}

/// <summary>The row of the table <c>leaders</c>.</summary>
internal sealed record LeaderRow
{
    public required long Term { get; init; }
    public required long Beats { get; init; }
    public string? PodId { get; init; }
    public DateTimeOffset? ElectedAt { get; init; }
    public DateTimeOffset? CheckedAt { get; init; }
}

/// <summary>The right to write as the leader.</summary>
internal sealed record Lead(string PodId, long Term);
