namespace Refinery.Kernel.Work;

/// <summary>Looks for damage in files that a module keeps beside the database; asked by the verb <c>verify</c>, never while serving.</summary>
public interface IAudit
{
    /// <summary>Reads everything and compares it with what the database says of it.</summary>
    /// <returns>The first fault in one sentence for a person; null when there is none.</returns>
    Task<string?> FindFaultAsync(CancellationToken cancellationToken);
}
