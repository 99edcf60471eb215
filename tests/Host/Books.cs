using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Host;

/// <summary>Everything a host has kept, in one text: the journal's head, a digest of every table, and the files of its data folder.</summary>
internal static class Books
{
    /// <summary>A host that nobody calls writes these by itself: its own beat and its lead.</summary>
    private static readonly string[] Restless = ["pods", "leaders"];

    public static async Task<string> ReadAsync(RefineryHost host)
    {
        var head = await host.Services.GetRequiredService<EventJournal>().HeadAsync(CancellationToken.None);
        var files = Directory.EnumerateFiles(host.DataDirectory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        return await host.Services.GetRequiredService<Database>().ReadAsync(
            async sql =>
            {
                var text = new StringBuilder($"head {head.Sequence} {head.Hash}");
                foreach (var table in await sql.QueryAsync<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"))
                {
                    text.Append('\n').Append(table).Append(' ').Append(await DigestAsync(sql, table));
                }

                return text.Append('\n').AppendJoin('\n', files).ToString();
            },
            CancellationToken.None);
    }

    private static async Task<string> DigestAsync(SqlSession sql, string table)
    {
        var columns = await sql.QueryAsync<string>($"SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
        var all = string.Join(" || ',' || ", columns.Select(column => $"quote(\"{column}\")"));
        var rows = Restless.Contains(table, StringComparer.Ordinal)
            ? []
            : await sql.QueryAsync<string>($"SELECT {all} FROM \"{table}\" ORDER BY 1");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rows))));
    }
}
