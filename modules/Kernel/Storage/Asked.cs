using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>A query that goes over one way with others.</summary>
internal abstract class Asked(DbBatchCommand command)
{
    public DbBatchCommand Command => command;

    /// <summary>True while it takes more rows.</summary>
    public abstract bool IsHungry { get; }

    public abstract void Take(ISqlRow row);

    /// <summary>Lets who asked go on; to be called when the connection is free again.</summary>
    public abstract void Answer();
}

/// <inheritdoc />
/// <param name="read">Reads a row by position.</param>
/// <param name="most">Rows that are read at most.</param>
internal sealed class Asked<T>(DbBatchCommand command, Func<ISqlRow, T> read, int most) : Asked(command)
{
    private readonly List<T> rows = [];
    private readonly TaskCompletionSource<List<T>> answered = new();

    /// <summary>What has come; never, when the batch had a fault: that is thrown where it was sent.</summary>
    public Task<List<T>> Rows => answered.Task;

    public override bool IsHungry => rows.Count < most;

    public override void Take(ISqlRow row) => rows.Add(read(row));

    public override void Answer() => answered.SetResult(rows);
}
