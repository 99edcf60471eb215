using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Refinery.Host;

/// <summary>Opens the embedded database without leaving a trace in its folder; only while no other process holds it.</summary>
/// <remarks>
/// A database that was closed well is opened as immutable, for which the engine makes no files. Beside one that was not lies a
/// write-ahead log that must be read too: then the index of that log is kept in memory, which the exclusive mode does, and the
/// log is not written back when the connection closes. Source: sqlite.org/wal.html, "Use of WAL without shared memory".
/// </remarks>
internal sealed class UntouchedDatabase(string path) : DbDataSource
{
    private const int NoCheckpointOnClose = 1006;

    private bool HasLog => new FileInfo($"{path}-wal") is { Exists: true, Length: > 0 };

    /// <inheritdoc />
    public override string ConnectionString => new SqliteConnectionStringBuilder
    {
        DataSource = HasLog ? path : $"{new Uri(path).AbsoluteUri}?immutable=1",
        Mode = HasLog ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly,
        Pooling = false,
    }.ToString();

    /// <inheritdoc />
    protected override DbConnection CreateDbConnection() => new SqliteConnection(ConnectionString);

    /// <inheritdoc />
    protected override async ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default)
    {
        var isLogged = HasLog;
        var connection = new SqliteConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        if (isLogged)
        {
            _ = raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);
            await using var exclusive = connection.CreateCommand();
            exclusive.CommandText = "PRAGMA locking_mode = EXCLUSIVE";
            await exclusive.ExecuteNonQueryAsync(cancellationToken);
        }

        return connection;
    }
}
