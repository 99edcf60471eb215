using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.History;

/// <summary>The tables that follow from the journal, found by asking the projections to empty theirs.</summary>
internal static class ProjectionTables
{
    /// <summary>The filled tables that resetting these projections empties; the reset itself is undone.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(RefineryHost host, Func<IProjection, bool> isAsked)
    {
        var filled = new List<string>();
        var unit = host.Services.GetRequiredService<Database>().WriteAsync<int>(
            async sql =>
            {
                var names = await NamesAsync(sql);
                filled.AddRange(await FilledAsync(sql, names));
                foreach (var projection in host.Services.GetServices<IProjection>().Where(isAsked))
                {
                    await projection.ResetAsync(sql);
                }

                foreach (var name in await FilledAsync(sql, names))
                {
                    filled.Remove(name);
                }

                throw new UndoneException();
            },
            CancellationToken.None);
        await Assert.ThrowsAsync<UndoneException>(() => unit);
        return filled;
    }

    /// <summary>All rows of some tables as text.</summary>
    public static Task<string> DumpAsync(RefineryHost host, IReadOnlyList<string> tables) => host.Services.GetRequiredService<Database>().ReadAsync(
        async sql =>
        {
            var text = new StringBuilder();
            foreach (var table in tables)
            {
                text.AppendLine(table).AppendJoin('\n', (await RowsAsync(sql, table)).Order(StringComparer.Ordinal)).AppendLine();
            }

            return text.ToString();
        },
        CancellationToken.None);

    /// <summary>All tables, whatever the engine.</summary>
    public static Task<IReadOnlyList<string>> NamesAsync(SqlSession sql) => sql.QueryAsync<string>(
        sql.Dialect == SqlDialect.Postgres
            ? "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name");

    private static async Task<List<string>> RowsAsync(SqlSession sql, string table)
    {
        await using var command = sql.Connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {table}";
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => $"{reader.GetName(column)}={reader.GetValue(column)}")));
        }

        return rows;
    }

    private static async Task<IReadOnlyList<string>> FilledAsync(SqlSession sql, IReadOnlyList<string> names)
    {
        var filled = new List<string>();
        foreach (var name in names)
        {
            if (await sql.FirstOrDefaultAsync<long>($"SELECT COUNT(*) FROM (SELECT 1 FROM {name} LIMIT 1) AS first") == 1)
            {
                filled.Add(name);
            }
        }

        return filled;
    }

    /// <summary>Undoes a unit on purpose.</summary>
    private sealed class UndoneException : Exception;
}
