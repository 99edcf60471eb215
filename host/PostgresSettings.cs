using Npgsql;
using Refinery.Contract;

namespace Refinery.Host;

/// <summary>Reads where the Postgres is.</summary>
internal static class PostgresSettings
{
    /// <summary>The place as its driver takes it; null when none is named.</summary>
    /// <exception cref="FormatException">It cannot be read; the message does not show it, for it may hold a password.</exception>
    public static NpgsqlConnectionStringBuilder? Read(string? dsn)
    {
        if (string.IsNullOrWhiteSpace(dsn))
        {
            return null;
        }

        try
        {
            var read = new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString(dsn));
            return string.IsNullOrEmpty(read.Host) ? throw new FormatException("it names no host; postgres://user@host/database is expected") : read;
        }
        catch (ArgumentException fault)
        {
            throw new FormatException("a keyword or value in it is not one that the driver takes; postgres://user@host/database is expected", fault);
        }
    }
}
