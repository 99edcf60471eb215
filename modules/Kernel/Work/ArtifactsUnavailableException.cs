namespace Refinery.Kernel.Work;

/// <summary>The place of the artifacts cannot be reached or used now; the caller may try again. Answered as 503 with Retry-After.</summary>
public sealed class ArtifactsUnavailableException : Exception
{
    public ArtifactsUnavailableException()
    {
    }

    /// <param name="message">One sentence for a person that names the place; no secrets, no exception text.</param>
    public ArtifactsUnavailableException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="ArtifactsUnavailableException(string)" />
    public ArtifactsUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
