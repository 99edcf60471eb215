using System.Diagnostics;
using System.Globalization;
using Refinery.Contract;

namespace Refinery.Bench;

/// <summary>Says when it was entered, by the clock that all processes of a machine share.</summary>
public sealed class PickupHandler : IStepHandler
{
    /// <inheritdoc/>
    public string Type => "pickup";

    /// <inheritdoc/>
    public Task<StepOutcome> RunAsync(IStepContext step, CancellationToken cancellationToken) =>
        Task.FromResult(StepOutcome.Success(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture)));
}
