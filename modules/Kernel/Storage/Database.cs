using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Refinery.Kernel.Storage;

/// <summary>The database: any number of readers, one group-committing writer.</summary>
/// <remarks>Safe for all threads. Source: docs/adr, "Writes are group-committed".</remarks>
public sealed class Database : IAsyncDisposable
{
    private const int MaxReaders = 8;

    private readonly DbDataSource dataSource;
    private readonly ConcurrentBag<SqlSession> idleReaders = [];
    private readonly SemaphoreSlim readers = new(MaxReaders);
    private readonly List<ICommitParticipant> participants = [];
    private readonly GroupCommit writer;
    private readonly Reach reach = new();
    private volatile bool isClosed;

    /// <summary>Opens nothing yet; the first read or write does.</summary>
    /// <param name="dataSource">Where connections come from; owned by the database from here on.</param>
    /// <param name="dialect">The engine behind the data source.</param>
    /// <param name="logger">Told of faults that no caller can be told of.</param>
    public Database(DbDataSource dataSource, SqlDialect dialect, ILogger<Database>? logger = null)
    {
        this.dataSource = dataSource;
        Dialect = dialect;
        writer = new GroupCommit(
            () => OpenAsync(isWriter: true, CancellationToken.None).GetAwaiter().GetResult(), participants, Notices, logger ?? NullLogger<Database>.Instance)
        {
            Patience = dialect.Patience,
        };
    }

    /// <summary>The engine behind.</summary>
    public SqlDialect Dialect { get; }

    /// <summary>Whether other hosts may be on it too.</summary>
    public bool IsShared => Dialect.Notify is not null;

    /// <summary>What other hosts on it tell.</summary>
    public Notices Notices { get; } = new();

    /// <summary>Runs a unit of reading; it sees every commit made before the call.</summary>
    /// <param name="work">Touches only its session, and may run again when a connection was lost.</param>
    /// <exception cref="DatabaseUnavailableException">The database is away.</exception>
    /// <exception cref="OperationCanceledException">The token fired before a connection was free and open.</exception>
    /// <exception cref="ObjectDisposedException">The database is closed.</exception>
    public Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) =>
        IsShared ? reach.WaitAsync(() => ReadHereAsync(work, cancellationToken)) : ReadHereAsync(work, cancellationToken);

    /// <summary>Runs a unit of writing in the next group and returns when its commit is durable.</summary>
    /// <param name="unit">Touches only its session, waits for nothing else, and may run again: when a neighbour in its group failed, a row was not as it was believed to be, or the connection was lost and nothing kept.</param>
    /// <returns>The unit's result, after the commit. An exception means that nothing of the unit was kept, but for one that says that this is not known.</returns>
    /// <exception cref="DatabaseUnavailableException">Too many writes wait, or the database is away.</exception>
    /// <exception cref="OperationCanceledException">The token fired before the unit began.</exception>
    public Task<T> WriteAsync<T>(Func<SqlSession, Task<T>> unit, CancellationToken cancellationToken) =>
        WriteAsync(new SingleUnit<T>(unit, cancellationToken), cancellationToken);

    /// <summary>The same for work that is done at once for all who ask for it in one group; of units that wait together no order is promised.</summary>
    /// <param name="work">One object for all callers.</param>
    /// <inheritdoc cref="WriteAsync{T}(Func{SqlSession, Task{T}}, CancellationToken)" />
    public Task<TResult> WriteAsync<TItem, TResult>(SharedWork<TItem, TResult> work, TItem item, CancellationToken cancellationToken) =>
        WriteAsync(new SharedUnit<TItem, TResult>(work, item, cancellationToken), cancellationToken);

    /// <summary>Runs a unit of writing beside the groups, in a transaction of its own and without their turn: for bytes that would hold all others up.</summary>
    /// <param name="unit">Touches only its session, appends no event, stands whatever others write meanwhile, and may run again when a connection was lost.</param>
    /// <remarks>Meant for an engine with many writers; on the embedded one it may be refused while a group is written.</remarks>
    /// <exception cref="DatabaseUnavailableException">The database is away; whether the unit was kept is open when that came in its commit.</exception>
    /// <exception cref="OperationCanceledException">The token fired before a connection was free and open.</exception>
    public Task WriteAsideAsync(Func<SqlSession, Task> unit, CancellationToken cancellationToken) =>
        ReadAsync(sql => AsideTransaction.RunAsync(sql, unit, Notices), cancellationToken);

    /// <summary>Finishes the writes that wait and the reads that run, then closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        isClosed = true;
        writer.Dispose();
        for (var reader = 0; reader < MaxReaders; reader++)
        {
            await readers.WaitAsync();
        }

        while (idleReaders.TryTake(out var session))
        {
            await session.DisposeAsync();
        }

        // Those who come later are let in to be told that it is closed.
        readers.Release(MaxReaders);
        await dataSource.DisposeAsync();
        reach.Dispose();
    }

    /// <summary>A connection of the caller's own.</summary>
    internal ValueTask<DbConnection> ConnectAsync(CancellationToken cancellationToken) => dataSource.OpenConnectionAsync(cancellationToken);

    /// <summary>How often somebody got an answer.</summary>
    internal long Answers => reach.Answers + writer.Groups;

    /// <summary>True while somebody waits for an answer.</summary>
    internal bool IsAsked => reach.IsAsked || writer.IsBusy;

    /// <summary>True while the server is known not to answer.</summary>
    internal bool IsAway => reach.IsAway;

    /// <summary>The server does not answer: everyone who waits is told, and everyone who comes, until <see cref="Regain"/>.</summary>
    internal void GiveUp()
    {
        reach.Lose();
        writer.Fail(new DatabaseUnavailableException(
            "The database does not answer: look whether this was stored before you send it again, or send it with the same Idempotency-Key."));
    }

    /// <summary>The server answers again.</summary>
    internal void Regain() => reach.Regain();

    /// <summary>Lets the journal join every commit; called once, before the first write.</summary>
    internal void Join(ICommitParticipant participant) => participants.Add(participant);

    private Task<T> WriteAsync<T>(WriteUnit<T> unit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        reach.ThrowIfAway();
        writer.Add(unit);
        return unit.Completion;
    }

    private async Task<T> ReadHereAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken)
    {
        await readers.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            return await ReadOnceMoreAsync(work, cancellationToken);
        }
        catch (DbException fault) when (DatabaseUnavailableException.IsAway(fault))
        {
            throw new DatabaseUnavailableException(fault);
        }
        finally
        {
            readers.Release();
        }
    }

    /// <summary>A connection may have been lost since it was last used; reading is repeated on a new one, as it changes nothing.</summary>
    private async Task<T> ReadOnceMoreAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken)
    {
        while (idleReaders.TryTake(out var idle))
        {
            try
            {
                return await UseAsync(idle, work);
            }
            catch (DbException) when (idle.IsLost)
            {
                continue;
            }
        }

        return await UseAsync(await OpenAsync(isWriter: false, cancellationToken), work);
    }

    private async Task<T> UseAsync<T>(SqlSession session, Func<SqlSession, Task<T>> work)
    {
        try
        {
            var result = await work(session);
            idleReaders.Add(session);
            return result;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<SqlSession> OpenAsync(bool isWriter, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            foreach (var statement in isWriter ? Dialect.OnOpen.Concat(Dialect.OnOpenWriter) : Dialect.OnOpen)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = statement;
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        return new SqlSession(connection, Dialect, isWriter);
    }
}
