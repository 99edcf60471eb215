namespace Refinery.Kernel.Work;

/// <summary>As many steps wait as may wait; nothing was stored. The client is told 429 and tries again later.</summary>
/// <param name="message">One sentence for a person.</param>
public sealed class QueueFullException(string message) : Exception(message);
