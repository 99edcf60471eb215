namespace Refinery.Kernel.Work;

/// <summary>How a new build ends older ones. Builds implements it.</summary>
public interface ISupersede
{
    /// <summary>Cancels every older build of the same owner, package and target, whatever its version, that has not ended.</summary>
    /// <param name="buildId">The id of the new build.</param>
    /// <param name="actor">Who asked for it, as the journal names who acts.</param>
    /// <returns>The ids of the builds that this call has cancelled, oldest first, at most 100 of them. Of two new ones that supersede at once the newer one stays.</returns>
    Task<IReadOnlyList<string>> SupersedeAsync(string buildId, string actor, CancellationToken cancellationToken);
}
