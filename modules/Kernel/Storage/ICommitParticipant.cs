namespace Refinery.Kernel.Storage;

/// <summary>What joins every group commit at its end: the journal.</summary>
internal interface ICommitParticipant
{
    /// <summary>A query of one row at most, asked when the right to write is taken, so that its answer stands until the commit; asked only where other hosts may write. Null while there is nothing to ask.</summary>
    string? AskedAtTurn => null;

    /// <summary>Gets the row of <see cref="AskedAtTurn"/>, or null where there is none.</summary>
    void HearAtTurn(ISqlRow? row)
    {
    }

    /// <summary>Runs inside the transaction after all units of the group; a fault undoes the whole group.</summary>
    Task BeforeCommitAsync(SqlSession session);

    /// <summary>Runs once after the commit is durable, on the writer's thread.</summary>
    void Committed();
}
