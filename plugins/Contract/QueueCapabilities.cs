namespace Refinery.Contract;

/// <summary>What a queue backend can do beyond enqueue, pop, list and stats.</summary>
[Flags]
public enum QueueCapabilities
{
    /// <summary>First in, first out, one process.</summary>
    None = 0,

    /// <summary><see cref="IQueueBackend.ClearAsync"/> works.</summary>
    Clear = 1,

    /// <summary>Items come out highest priority first, then lowest rank.</summary>
    Priority = 2,

    /// <summary>Several hosts may open the same queue.</summary>
    Shared = 4,
}
