using Microsoft.Extensions.Options;
using Refinery.Kernel.Journal;

namespace Refinery.Host;

/// <summary>Opens the journal's file, when there is to be one.</summary>
internal static class JournalOnDisk
{
    /// <summary>Makes file and database agree before anything is appended.</summary>
    /// <exception cref="StartupException">The file is broken, contradicts the database, or cannot be written.</exception>
    public static async Task OpenAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (PathOf(services) is not { } path)
        {
            return;
        }

        try
        {
            await services.GetRequiredService<JournalFile>().OpenAsync(path, cancellationToken);
        }
        catch (JournalFileException fault)
        {
            throw new StartupException(fault.Message, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"LEVIATHAN_EVENTS_PATH '{path}' cannot be opened; a file that this user may write is expected.", fault);
        }
    }

    /// <summary>The file's absolute path; null when there is to be none.</summary>
    public static string? PathOf(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<JournalOptions>>().Value;
        if (services.GetRequiredService<IOptions<HostOptions>>().Value.FindPostgres() is not null)
        {
            return options.Backend != "ndjson" ? null : throw new StartupException(
                "LEVIATHAN_BACKEND is 'ndjson', but the journal of a Postgres that hosts share is in its events table alone; leave it unset with POSTGRES_DSN.");
        }

        return (options.Backend ?? "ndjson") != "ndjson" ? null : services.GetRequiredService<DataDirectory>().Resolve(options.EventsPath, "journal.ndjson");
    }
}
