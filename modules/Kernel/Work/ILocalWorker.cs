namespace Refinery.Kernel.Work;

/// <summary>The pod inside this process. Fleet implements it.</summary>
public interface ILocalWorker
{
    /// <summary>Whether this process runs a local worker at all.</summary>
    bool IsOn { get; }

    /// <summary>Look for work now, wheel builds included, until the queue is empty.</summary>
    /// <returns>False when this process runs no local worker.</returns>
    bool Drain();
}
