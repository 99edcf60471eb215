namespace Refinery.Fleet;

/// <summary>Claims that found nothing and wait. A submission makes one of them in its own unit, so that its step is in hands after one commit and not after two.</summary>
internal sealed class WaitingClaims
{
    private readonly Lock gate = new();
    private readonly LinkedList<WaitingClaim> waiting = new();

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>Lets a claim wait; it must be left again.</summary>
    public WaitingClaim Enter(ClaimRequest request)
    {
        var claim = new WaitingClaim(request);
        lock (gate)
        {
            waiting.AddLast(claim);
        }

        return claim;
    }

    /// <summary>Takes out a claim for each of the types that somebody waits for, longest waiting first; each must be answered.</summary>
    public IReadOnlyList<WaitingClaim> Take(IEnumerable<string> types)
    {
        lock (gate)
        {
            return waiting.Count == 0 ? [] : [.. types.Select(Take).OfType<WaitingClaim>()];
        }
    }

    /// <summary>Ends the waiting.</summary>
    /// <returns>False when the claim has been taken out: its answer is on its way.</returns>
    public bool Leave(WaitingClaim claim)
    {
        lock (gate)
        {
            return waiting.Remove(claim);
        }
    }

    private WaitingClaim? Take(string type)
    {
        for (var node = waiting.First; node is not null; node = node.Next)
        {
            if (node.Value.Request.Types.Contains(type))
            {
                waiting.Remove(node);
                return node.Value;
            }
        }

        return null;
    }
}

/// <summary>A claim that waits.</summary>
internal sealed class WaitingClaim(ClaimRequest request)
{
    private readonly TaskCompletionSource<IReadOnlyList<StepRow>> made = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClaimRequest Request => request;

    /// <summary>What a submission has claimed for it; empty when that came to nothing.</summary>
    public Task<IReadOnlyList<StepRow>> Made => made.Task;

    /// <summary>Answers it; only the first answer counts.</summary>
    public void Answer(IReadOnlyList<StepRow> claimed) => made.TrySetResult(claimed);
}
