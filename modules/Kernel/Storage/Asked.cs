using System.Data;
using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>A command that goes over one way with others.</summary>
internal abstract class Asked(DbBatchCommand command)
{
    public DbBatchCommand Command => command;

    /// <summary>True for one that sends a result, whether or not anybody reads it.</summary>
    public virtual bool HasResult => true;

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

/// <summary>A command whose answer nobody waits for.</summary>
/// <param name="rows">Of the set that it was given.</param>
internal class Telling(DbBatchCommand command, int rows = 0) : Asked(command)
{
    public int Rows => rows;

    public override bool HasResult { get; } = command.CommandText.StartsWith("SELECT", StringComparison.Ordinal);

    public override bool IsHungry => false;

    public override void Take(ISqlRow row)
    {
    }

    public override void Answer()
    {
    }
}

/// <summary>A command that is to change one row for each of a set's; the engine itself divides by zero where it does not, so that nothing behind it is run, a commit least of all.</summary>
internal sealed class ExactTelling(DbBatchCommand command, int rows) : Telling(command, rows)
{
    private const string DivisionByZero = "22012";

    public override bool HasResult => true;

    /// <summary>The text that fails unless <paramref name="wanted"/> rows are changed.</summary>
    public static string Render(string text, string wanted) =>
        $"WITH changed AS ({text} RETURNING 1) SELECT 1 / CASE WHEN COUNT(*) = {wanted} THEN 1 ELSE 0 END FROM changed";

    /// <summary>True for the fault that means that fewer rows were changed than were to be, or more.</summary>
    public static bool HasMissed(DbException fault) => fault.SqlState == DivisionByZero;

    /// <summary>What is said of it.</summary>
    public static DBConcurrencyException Missed() => new(
        "Not every row was changed that was to be: another has changed it, or taken its key, since it was read.");
}
