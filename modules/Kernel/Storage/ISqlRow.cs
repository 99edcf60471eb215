namespace Refinery.Kernel.Storage;

/// <summary>The row a reader stands on, read by position: for the hot paths. It changes with the next row; keep values, never the row.</summary>
public interface ISqlRow
{
    /// <summary>True when the column is NULL; the other reads expect that it is not.</summary>
    bool IsNull(int column);

    /// <summary>A TEXT column.</summary>
    string Text(int column);

    /// <summary>A TEXT column as UTF-8, to be looked at and not kept: it changes with the next row.</summary>
    ReadOnlySpan<byte> Utf8(int column);

    /// <summary>A BIGINT column.</summary>
    long Whole(int column);
}

/// <summary>Reads of columns that may be NULL, and of instants.</summary>
public static class SqlRowReads
{
    /// <summary>A TEXT column, or null.</summary>
    public static string? TextOrNull(this ISqlRow row, int column) => row.IsNull(column) ? null : row.Text(column);

    /// <summary>A BIGINT column, or null.</summary>
    public static long? WholeOrNull(this ISqlRow row, int column) => row.IsNull(column) ? null : row.Whole(column);

    /// <summary>A TEXT column that holds an instant.</summary>
    public static DateTimeOffset Instant(this ISqlRow row, int column) => Storage.Instant.Parse(row.Text(column));

    /// <summary>A TEXT column that holds an instant, or null.</summary>
    public static DateTimeOffset? InstantOrNull(this ISqlRow row, int column) => row.IsNull(column) ? null : row.Instant(column);
}
