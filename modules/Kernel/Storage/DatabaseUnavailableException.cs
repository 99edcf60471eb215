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
}
