namespace Refinery.Kernel.Work;

/// <summary>The pod inside this process. Fleet implements it.</summary>
public interface ILocalWorker
{
    /// <summary>Whether this process runs a local worker at all.</summary>
    bool IsOn { get; }

    /// <summary>How many steps this process runs side by side; 0 without a local worker.</summary>
    int Capacity { get; }

    /// <summary>Look for work now, wheel builds included, until the queue is empty.</summary>
    /// <returns>False when this process runs no local worker.</returns>
    bool Drain();

    /// <summary>From now on runs these steps alone, of whatever type, whatever else is queued; the next call replaces them.</summary>
    /// <param name="stepIds">Ids of steps that are committed; empty runs none. Called before the process starts, nothing else is ever claimed.</param>
    void Confine(IReadOnlyList<string> stepIds);
}
