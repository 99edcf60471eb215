using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Host;

/// <summary>Everything a host has kept, in one text: the journal's head and the size of every table.</summary>
internal static class Books
{
    public static async Task<string> CountAsync(RefineryHost host)
    {
        var head = await host.Services.GetRequiredService<EventJournal>().HeadAsync(CancellationToken.None);
        return await host.Services.GetRequiredService<Database>().ReadAsync(
            async sql =>
            {
                var text = new StringBuilder($"head {head.Sequence} {head.Hash}");
                foreach (var table in await sql.QueryAsync<string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"))
                {
                    text.Append(' ').Append(table).Append('=').Append(await sql.FirstOrDefaultAsync<long>($"SELECT COUNT(*) FROM \"{table}\""));
                }

                return text.ToString();
            },
            CancellationToken.None);
    }
}
