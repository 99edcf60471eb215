namespace Refinery.Contract;

/// <summary>Turns a source archive into a wheel somewhere: in a process, a container, a cluster.</summary>
/// <remarks>Every member is safe to call from many threads at once; many builds run side by side.</remarks>
public interface IBuildRunner
{
    /// <summary>The word for <c>BUILD_RUNNER</c>.</summary>
    string Name { get; }

    /// <summary>Looks whether a build could run now; changes nothing that is kept.</summary>
    /// <returns>Null when it could, else one sentence for a person that names what is missing. No tokens, no userinfo of URLs.</returns>
    Task<string?> FaultAsync(CancellationToken cancellationToken);

    /// <summary>Builds one source archive. Whatever the end, nothing of the build runs any more when this returns or throws.</summary>
    /// <param name="task">What to build. Each call has a mark of its own.</param>
    /// <param name="step">Takes every line the build prints, in order, while it runs; the secrets of <see cref="BuildTask.Sources"/> are hidden there.</param>
    /// <param name="cancellationToken">Fires when the build is cancelled or the process stops: end the build within 5 seconds and throw.</param>
    /// <returns>How the build ended. After success its wheel lies in <see cref="BuildTask.Output"/>.</returns>
    /// <exception cref="BuildRunnerException">The build could not be run, through no fault of its own.</exception>
    Task<BuildExit> BuildAsync(BuildTask task, IStepContext step, CancellationToken cancellationToken);

    /// <summary>Ends what a killed host left behind of a build. One of which nothing is left is no fault.</summary>
    /// <param name="mark">The <see cref="BuildTask.Mark"/> of that build.</param>
    /// <exception cref="BuildRunnerException">It cannot be reached now; the host asks again at its next start.</exception>
    Task RemoveAsync(string mark, CancellationToken cancellationToken);
}
