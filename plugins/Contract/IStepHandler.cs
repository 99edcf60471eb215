namespace Refinery.Contract;

/// <summary>Does the work of one type of step. A handler may be part of a module or a plugin in <c>plugins/handlers/</c>.</summary>
public interface IStepHandler
{
    /// <summary>The step type served: <c>[A-Za-z0-9_.:-]{1,100}</c>.</summary>
    string Type { get; }

    /// <summary>Runs one attempt to its end. Called from many threads at once, once per attempt.</summary>
    /// <param name="step">What to do and where to log.</param>
    /// <param name="cancellationToken">Fires when the step is cancelled, its lease is lost or the process stops: stop the work and throw.</param>
    /// <returns>What came of it. An exception counts as a failed attempt that may be retried.</returns>
    Task<StepOutcome> RunAsync(IStepContext step, CancellationToken cancellationToken);
}
