namespace Refinery.Fleet;

/// <summary>What became of a wish for recovery.</summary>
internal enum RecoveryVerdict
{
    Done,
    NotLeader,
    Busy,
}

/// <summary>What became of a wish for recovery, and the cycle's summary when it is done.</summary>
internal sealed record RecoveryRun(RecoveryVerdict Verdict, RecoverySummary? Summary);

/// <summary>What a cycle of recovery found.</summary>
internal sealed record RecoveryFound(IReadOnlyList<string> DeadPods, List<string> Requeued, List<string> Terminal)
{
    /// <summary>Adds steps as recovery left them.</summary>
    public void Add(IReadOnlyList<StepRow> recovered)
    {
        foreach (var step in recovered)
        {
            (step.Status == Status.Pending ? Requeued : Terminal).Add(step.StepId);
        }
    }

    public RecoverySummary Summary(string cycleId, long durationMs) => new(
        cycleId, DeadPods.Count, Requeued.Count + Terminal.Count, Requeued.Count, Terminal.Count, durationMs, DeadPods, Requeued, Terminal);
}
