using Refinery.Builds;
using Refinery.Kernel.Storage;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Builds;

/// <summary>A newer schema keeps the builds that an older one holds.</summary>
public sealed class BuildSchemaTests
{
    [Fact]
    public async Task Builds_attempts_and_totals_outlive_the_change_of_their_tables()
    {
        await using var engine = new SqliteEngine();
        await using var database = engine.Open();
        var scripts = Migrations.Scripts(typeof(BuildsModule).Assembly).ToList();
        await database.WriteAsync(sql => MigrationStore.ApplyAsync(sql, scripts[..2]), CancellationToken.None);
        await database.WriteAsync(FillAsync, CancellationToken.None);

        await database.WriteAsync(sql => MigrationStore.ApplyAsync(sql, scripts), CancellationToken.None);

        Assert.Equal("b-1 p-1.0 pending", await TextAsync("SELECT build_id || ' ' || parser_id || ' ' || status FROM builds WHERE sequence = 7"));
        Assert.Equal("s-1 running", await TextAsync("SELECT step_id || ' ' || status FROM build_attempts WHERE attempt_number = 2"));
        Assert.Equal("refinery 3", await TextAsync("SELECT third_party_id || ' ' || pending FROM build_totals"));

        Task<string?> TextAsync(string text) => database.ReadAsync(sql => sql.FirstOrDefaultAsync<string>(text), CancellationToken.None);
    }

    private static async Task<int> FillAsync(SqlSession sql)
    {
        await sql.ExecuteAsync(
            """
            INSERT INTO builds (step_id, sequence, build_id, type, third_party_id, parser_id, status, created_at)
            VALUES ('s-1', 7, 'b-1', 'wheel_build', 'refinery', 'p-1.0', 'pending', '2026-01-24T10:00:00.000000Z')
            """);
        await sql.ExecuteAsync(
            "INSERT INTO build_attempts (step_id, attempt_number, status, created_at) VALUES ('s-1', 2, 'running', '2026-01-24T10:00:00.000000Z')");
        return await sql.ExecuteAsync(
            """
            INSERT INTO build_counts (third_party_id, parser_id, pending, running, succeeded, failed, cancelled)
            VALUES ('refinery', '', 3, 0, 0, 0, 0), ('refinery', 'p-1.0', 1, 0, 0, 0, 0)
            """);
    }
}
