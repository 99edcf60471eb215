namespace Refinery.Kernel.Storage;

/// <summary>What joins every group commit at its end: the journal.</summary>
internal interface ICommitParticipant
{
    /// <summary>Asks what stands from the moment at which the right to write is taken until the commit, by queries that go together; called only where other hosts may write. They are never answered where a unit believes that the turn will come.</summary>
    Task HearAtTurnAsync(SqlSession session) => Task.CompletedTask;

    /// <summary>Runs inside the transaction after all units of the group; a fault undoes the whole group.</summary>
    Task BeforeCommitAsync(SqlSession session);

    /// <summary>Looks, in the turn, whether the last group that came to its commit was kept; called where that was not answered. True also for one who has nothing to say.</summary>
    Task<bool> WasKeptAsync(SqlSession session) => Task.FromResult(true);

    /// <summary>Runs once after the commit is durable, on the writer's thread.</summary>
    void Committed();
}
