namespace Refinery.Worker;

/// <summary>The server cannot be reached or cannot answer now; the same call may succeed later.</summary>
/// <param name="message">One sentence for a person.</param>
internal sealed class ServerAwayException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What it answered; null when it did not.</summary>
    public int? Status { get; init; }
}
