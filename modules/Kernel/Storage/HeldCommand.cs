using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Refinery.Kernel.Storage;

/// <summary>A command that goes over one way with others.</summary>
internal abstract class HeldCommand(DbBatchCommand command)
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

/// <summary>One that is waited for.</summary>
/// <param name="read">Reads a row by position.</param>
/// <param name="most">Rows that are read at most.</param>
internal sealed class Asked<T>(DbBatchCommand command, Func<ISqlRow, T> read, int most) : HeldCommand(command)
{
    private readonly List<T> rows = [];
    private readonly TaskCompletionSource<List<T>> answered = new();

    /// <summary>What has come; never, when the batch had a fault: that is thrown where it was sent.</summary>
    public Task<List<T>> Rows => answered.Task;

    public override bool IsHungry => rows.Count < most;

    public override void Take(ISqlRow row) => rows.Add(read(row));

    public override void Answer() => answered.SetResult(rows);
}

/// <summary>One whose answer nobody waits for.</summary>
/// <param name="rows">Of the set that it was given.</param>
internal class Telling(DbBatchCommand command, int rows = 0) : HeldCommand(command)
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

/// <summary>One that is to change one row for each of a set's: one that may change fewer is rendered so that it fails there, and nothing behind it is run, a commit least of all.</summary>
/// <param name="counts">True for one that <see cref="Render"/> or <see cref="RenderCheck"/> has made.</param>
internal sealed class ExactTelling(DbBatchCommand command, int rows, bool counts) : Telling(command, rows)
{
    private const int TakenPrimaryKey = 1555; // SQLITE_CONSTRAINT_PRIMARYKEY
    private const int TakenUniqueKey = 2067; // SQLITE_CONSTRAINT_UNIQUE

    public override bool HasResult => counts;

    /// <summary>The text that divides by zero unless <paramref name="wanted"/> rows are changed.</summary>
    public static string Render(string text, string wanted) =>
        $"WITH changed AS ({text} RETURNING 1) SELECT 1 / CASE WHEN COUNT(*) = {wanted} THEN 1 ELSE 0 END FROM changed";

    /// <summary>The text that divides by zero unless a condition holds.</summary>
    public static string RenderCheck(string condition) => $"SELECT 1 / CASE WHEN {condition} THEN 1 ELSE 0 END";

    /// <summary>True for a fault that means that a row was not changed that was to be.</summary>
    public static bool HasMissed(DbException fault) => fault is { SqlState: PostgresErrorCodes.DivisionByZero or PostgresErrorCodes.UniqueViolation } or SqliteException { SqliteExtendedErrorCode: TakenPrimaryKey or TakenUniqueKey };

    /// <summary>What is said of it.</summary>
    public static DBConcurrencyException Missed(DbException? fault = null) => new(
        "Not every row was changed that was to be: another has changed it, or taken its key, since it was read.", fault);
}
