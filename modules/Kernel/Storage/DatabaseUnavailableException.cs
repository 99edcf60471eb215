using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>The database cannot take work now; the caller may try again. Answered as 503 with Retry-After.</summary>
public sealed class DatabaseUnavailableException : Exception
{
    public DatabaseUnavailableException()
    {
    }

    public DatabaseUnavailableException(string message)
        : base(message)
    {
    }

    public DatabaseUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal DatabaseUnavailableException(DbException cause)
        : base("The database cannot be reached; try again shortly.", cause)
    {
    }

    /// <summary>Whether a fault tells of a server that is away, and not of the statement. Source: postgresql.org/docs, "PostgreSQL Error Codes".</summary>
    internal static bool IsAway(DbException fault) => fault.IsTransient || fault.InnerException is AggregateException || fault.SqlState is "57P01" or "57P02" or "57P03" or "57P05" or "25P03";
}
