using System.Collections.Frozen;

namespace Refinery.Fleet;

/// <summary>A claim that waits to be written with others.</summary>
/// <param name="left">Fires when who claims leaves.</param>
/// <param name="open">Those of its types that are not paused.</param>
internal sealed class LinedUp(ClaimRequest request, FrozenSet<string> open, CancellationToken left)
{
    private readonly TaskCompletionSource<IReadOnlyList<StepRow>> claimed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClaimRequest Request => request;

    public FrozenSet<string> Open => open;

    /// <summary>True once somebody lines it up.</summary>
    public bool IsTaken { get; set; }

    /// <summary>What it got, once that is committed.</summary>
    public Task<IReadOnlyList<StepRow>> Claimed => claimed.Task;

    /// <summary>True when who claims has left before it was lined up; it is told so.</summary>
    public bool IsLeft()
    {
        if (left.IsCancellationRequested)
        {
            IsTaken = true;
            claimed.TrySetCanceled(left);
        }

        return IsTaken;
    }

    /// <summary>Hands over its part of what a unit claimed.</summary>
    /// <param name="unit">Has ended.</param>
    public void Answer(Task<IReadOnlyList<IReadOnlyList<StepRow>>> unit, int place)
    {
        if (unit.IsCompletedSuccessfully)
        {
            claimed.SetResult(unit.Result[place]);
        }
        else
        {
            claimed.SetException(unit.Exception?.InnerException ?? new TaskCanceledException(unit));
        }
    }
}

/// <summary>What a pod asks for.</summary>
/// <param name="Types">The step types it serves.</param>
/// <param name="Max">At least 1.</param>
/// <param name="Start">True when it starts them in the same breath.</param>
internal sealed record ClaimRequest(string PodId, FrozenSet<string> Types, int Max, bool Start);
