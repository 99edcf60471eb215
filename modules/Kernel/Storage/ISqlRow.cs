namespace Refinery.Kernel.Storage;

/// <summary>The row a reader stands on, read by position: for the hot paths. It changes with the next row; keep values, never the row.</summary>
public interface ISqlRow
{
    /// <summary>True when the column is NULL; the other reads expect that it is not.</summary>
    bool IsNull(int column);

    /// <summary>A TEXT column.</summary>
    string Text(int column);

    /// <summary>A BIGINT column.</summary>
    long Whole(int column);
}
