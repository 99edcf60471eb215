using System.Security.Cryptography;
using System.Text;

namespace Refinery.Kernel.Storage;

/// <summary>Remembers which schema texts ran, in the table <c>migrations</c>.</summary>
internal static class MigrationStore
{
    /// <summary>Applies the texts that are new; refuses a known one whose text has changed.</summary>
    /// <returns>How many ran.</returns>
    public static async Task<int> ApplyAsync(SqlSession sql, IReadOnlyList<Migration> scripts)
    {
        await sql.ExecuteAsync(sql.Dialect.RenderSchema("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, digest TEXT NOT NULL)"));
        var known = (await sql.QueryAsync<MigrationRow>("SELECT name, digest FROM migrations"))
            .ToDictionary(row => row.Name, row => row.Digest, StringComparer.Ordinal);

        var applied = 0;
        foreach (var script in scripts)
        {
            applied += await ApplyAsync(sql, script, known);
        }

        return applied;
    }

    /// <summary>How many of the texts have not run.</summary>
    public static async Task<int> CountMissingAsync(SqlSession sql, IReadOnlyList<Migration> scripts)
    {
        var known = await sql.QueryAsync<string>("SELECT name FROM migrations");
        return scripts.Count(script => !known.Contains(script.Name, StringComparer.Ordinal));
    }

    private static async Task<int> ApplyAsync(SqlSession sql, Migration script, Dictionary<string, string> known)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script.Sql)));
        if (known.TryGetValue(script.Name, out var before))
        {
            return before == digest
                ? 0
                : throw new InvalidOperationException($"The schema text '{script.Name}' was changed after it ran; add a new numbered text instead.");
        }

        await sql.ExecuteAsync(sql.Dialect.RenderSchema(script.Sql));
        await sql.ExecuteAsync("INSERT INTO migrations (name, digest) VALUES (@Name, @Digest)", new { script.Name, Digest = digest });
        return 1;
    }

    /// <summary>A script that ran, and what it said then.</summary>
    private sealed record MigrationRow
    {
        public required string Name { get; init; }
        public required string Digest { get; init; }
    }
}
