using System.Text;
using Microsoft.Data.Sqlite;
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
                var names = await sql.QueryAsync<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
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
    public static string Dump(RefineryHost host, IReadOnlyList<string> tables)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.DataDirectory, "refinery.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var text = new StringBuilder();
        foreach (var table in tables)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table}";
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
            {
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => $"{reader.GetName(column)}={reader.GetValue(column)}")));
            }

            text.AppendLine(table).AppendJoin('\n', rows.Order(StringComparer.Ordinal)).AppendLine();
        }

        return text.ToString();
    }

    private static async Task<IReadOnlyList<string>> FilledAsync(SqlSession sql, IReadOnlyList<string> names)
    {
        var filled = new List<string>();
        foreach (var name in names)
        {
            if (await sql.FirstOrDefaultAsync<long>($"SELECT EXISTS (SELECT 1 FROM {name})") == 1)
            {
                filled.Add(name);
            }
        }

        return filled;
    }

    /// <summary>Undoes a unit on purpose.</summary>
    private sealed class UndoneException : Exception;
}
