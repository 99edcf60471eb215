using Microsoft.Extensions.Options;

namespace Refinery.Host.Commands;

/// <summary>Books that are there already: checking a folder that holds none would make empty ones and call them good.</summary>
internal static class ExistingBooks
{
    /// <summary>Passes when DATA_DIR holds a database, or the journal's file it can be made from again.</summary>
    /// <exception cref="StartupException">There is neither; nothing was made.</exception>
    public static void Require(IServiceProvider services)
    {
        if (services.GetRequiredService<IOptions<HostOptions>>().Value.FindPostgres() is not null)
        {
            return;
        }

        var data = services.GetRequiredService<DataDirectory>().Path;
        if (!File.Exists(Path.Combine(data, DatabaseOpener.FileName)) && !File.Exists(JournalOnDisk.PathOf(services)))
        {
            throw new StartupException($"DATA_DIR '{data}' holds no database; the folder that Refinery served or rebuilt with is expected.");
        }
    }
}
