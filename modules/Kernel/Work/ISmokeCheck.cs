namespace Refinery.Kernel.Work;

/// <summary>Looks whether one thing that builds need is really there. <c>POST /api/worker/smoke</c> runs all that are registered.</summary>
/// <remarks>A check changes nothing that is kept and drains nothing.</remarks>
public interface ISmokeCheck
{
    /// <summary>What is looked at, one snake_case word, for example <c>interpreter</c>.</summary>
    string Name { get; }

    /// <summary>Looks.</summary>
    /// <param name="cancellationToken">Fires after 30 seconds, and when the caller goes away.</param>
    /// <returns>Null when all is well, else one sentence for a person that names what is missing. No tokens, no userinfo of URLs.</returns>
    Task<string?> FaultAsync(CancellationToken cancellationToken);
}
