namespace Refinery.Kernel.Storage;

/// <summary>What joins every group commit at its end: the journal.</summary>
internal interface ICommitParticipant
{
    /// <summary>Runs inside the transaction after all units of the group; a fault undoes the whole group.</summary>
    Task BeforeCommitAsync(SqlSession session);

    /// <summary>Runs once after the commit is durable, on the writer's thread.</summary>
    void Committed();
}
