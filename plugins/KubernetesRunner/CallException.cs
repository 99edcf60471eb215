namespace Refinery.KubernetesRunner;

/// <summary>A call was refused or not answered; the message is one sentence for a person.</summary>
/// <param name="status">The HTTP status; 0 when there was no answer.</param>
internal sealed class CallException(int status, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Status => status;

    /// <summary>The credentials are not taken: a token that was rotated a moment ago will be.</summary>
    public bool IsUnauthorized => status == 401;

    /// <summary>The same call may go well in a while.</summary>
    public bool IsAway => status is 0 or 401 or 408 or 429 or >= 500;
}
