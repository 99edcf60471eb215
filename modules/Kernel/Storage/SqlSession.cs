using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Refinery.Kernel.Journal;

namespace Refinery.Kernel.Storage;

/// <summary>One open connection as a store sees it: statements with <c>@Name</c> parameters in, records out.</summary>
/// <remarks>
/// Statements are prepared once and kept by their text, so a text must be a constant; values travel as parameters only.
/// A session belongs to the unit it was handed to and is never kept. Statements are not cancelled one by one: the
/// engine's own time limits bound them.
/// </remarks>
public sealed class SqlSession : IAsyncDisposable
{
    private readonly DbConnection connection;
    private readonly List<EventDraft> drafts = [];
    private readonly Dictionary<string, EventDraft> named = new(StringComparer.Ordinal);
    private readonly List<Action> afterCommit = [];
    private readonly Dictionary<Notice, int> told = [];
    private readonly HeldCommands held;
    private readonly CommandRun run;
    private readonly KeptStatements kept;
    private bool? wasLost;

    static SqlSession()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(new InstantHandler());
    }

    internal SqlSession(DbConnection connection, SqlDialect dialect, bool isWriter)
    {
        this.connection = connection;
        Dialect = dialect;
        IsWriter = isWriter;
        held = new HeldCommands(connection, isWriter);
        run = new CommandRun(held, isWriter);
        kept = new KeptStatements(connection, dialect, held, run);
        Transaction = new SqlTransaction(this, held, run);
    }

    /// <summary>The engine behind; asked only in the few files a test lists.</summary>
    public SqlDialect Dialect { get; }

    /// <summary>True for a group that asks before it writes where others believe: one that was refused before or whose commit was lost, or that brings back what may hold anything.</summary>
    public bool AsksFirst { get; internal set; }

    /// <summary>True for a unit that may go on without asking how things stand: others may write too, but by the last turn none had, nor was the group refused.</summary>
    public bool MayBelieve => HeadStood && !AsksFirst;

    /// <summary>True when the journal ended, at the last turn, where this host knew it to end.</summary>
    internal bool HeadStood { get; set; }

    internal bool IsWriter { get; }

    internal SqlTransaction Transaction { get; }

    internal IReadOnlyList<EventDraft> Drafts => drafts;

    /// <summary>What the group tells other hosts, and how often it says so.</summary>
    internal IReadOnlyDictionary<Notice, int> Told => told;

    /// <summary>The journal's length with this group; 0 when it appends nothing.</summary>
    internal long Sequence { get; set; }

    internal IReadOnlyList<Action> AfterCommitActions => afterCommit;

    /// <summary>Runs a statement.</summary>
    /// <param name="sql">A constant text, tokens allowed.</param>
    /// <param name="parameters">An object whose properties are the <c>@Name</c> values, or null.</param>
    /// <returns>The number of rows changed.</returns>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => kept.Statement(sql).ExecuteAsync(parameters);

    /// <summary>Runs a statement for every row of a set: on an engine that is elsewhere as one statement a page, where it stands for one row here.</summary>
    /// <remarks>It answers nothing; what it does is seen by the next statement. In a transaction elsewhere its faults are that one's, or the commit's; else they are thrown here.</remarks>
    /// <param name="sql">A constant text, tokens allowed: an INSERT with VALUES, a text with WHERE, or a SELECT of no table.</param>
    /// <param name="rows">Objects whose properties are the <c>@Name</c> values. No two may change one row of the table.</param>
    public Task ExecuteAllAsync<T>(string sql, IReadOnlyCollection<T> rows)
        where T : notnull => TellAllAsync(sql, rows, isExact: false);

    /// <summary>Runs a statement that is to change one row of a table for every row of a set, as <see cref="ExecuteAllAsync"/> does.</summary>
    /// <exception cref="DBConcurrencyException">It changed fewer, or more, or a key is taken: what it was made of is no longer so. Thrown where the statement's other faults are.</exception>
    public Task ChangeEachAsync<T>(string sql, IReadOnlyCollection<T> rows)
        where T : notnull => TellAllAsync(sql, rows, isExact: true);

    /// <summary>Runs a query, or a change that says what it changed, for every row of a set, and reads what comes of it in any order.</summary>
    /// <param name="read">Reads a row by position.</param>
    /// <param name="sql">As for <see cref="ExecuteAllAsync"/>.</param>
    /// <param name="rows">As for <see cref="ExecuteAllAsync"/>.</param>
    public async Task<IReadOnlyList<TResult>> QueryAllAsync<T, TResult>(Func<ISqlRow, TResult> read, string sql, IReadOnlyCollection<T> rows)
        where T : notnull
    {
        var found = new List<TResult>(rows.Count);
        if (!IsElsewhere || rows.Count == 1)
        {
            foreach (var row in rows)
            {
                found.AddRange(await QueryAsync(read, sql, row));
            }

            return found;
        }

        foreach (var page in rows.Chunk(SetStatement.AskedRows))
        {
            found.AddRange(await kept.Set<T>(sql).QueryAsync(read, page));
        }

        return found;
    }

    /// <summary>All rows of a query, mapped by column name (<c>snake_case</c> to <c>PascalCase</c>); empty when there are none.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        [.. (await run.MapAsync(kept.Command(sql).With(parameters), typeof(T))).Cast<T>()];

    /// <summary>The first row of a query, or the default when there is none or its only value is NULL.</summary>
    public async Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        await run.MapAsync(kept.Command(sql).With(parameters), typeof(T), most: 1) is [{ } first] ? (T)first : default;

    /// <summary>All rows of a query, each read by a function of the store's: for the hot paths.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(Func<ISqlRow, T> read, string sql, object? parameters = null) =>
        await kept.Statement(sql).QueryAsync(read, parameters);

    /// <summary>The first row of a query, read by a function of the store's, or null when there is none.</summary>
    public async Task<T?> FirstOrDefaultAsync<T>(Func<ISqlRow, T> read, string sql, object? parameters = null)
        where T : class => (await kept.Statement(sql).QueryAsync(read, parameters, most: 1)) is [var first] ? first : null;

    /// <summary>The whole number in the first column of the first row, or null when there is no row or it is NULL: for the hot paths.</summary>
    public async Task<long?> WholeAsync(string sql, object? parameters = null) =>
        (await kept.Statement(sql).QueryAsync(row => row.WholeOrNull(0), parameters, most: 1)) is [var value] ? value : null;

    /// <summary>Begins queries that do not depend on each other, so that they go over one way where the engine is elsewhere.</summary>
    /// <param name="begin">Calls what asks, and only asks, without waiting for any of it.</param>
    /// <returns>What it returns: mostly the tasks of what it called, which are answered. When this throws they never are.</returns>
    /// <exception cref="InvalidOperationException">It does something else, asks by the names of columns, or asks together within.</exception>
    public async Task<T> TogetherAsync<T>(Func<T> begin)
    {
        var begun = run.Gather(begin);
        await run.AskGatheredAsync();
        return begun;
    }

    /// <summary>Begins queries as <see cref="TogetherAsync"/> does, and lets them go along with whatever is sent next.</summary>
    /// <remarks>They see what was told before and nothing that is told after. Awaited before <see cref="TurnAsync"/> their answers may never come.</remarks>
    /// <param name="begin">As for <see cref="TogetherAsync"/>.</param>
    /// <returns>What it returns.</returns>
    /// <exception cref="InvalidOperationException">As for <see cref="TogetherAsync"/>.</exception>
    public T AskAhead<T>(Func<T> begin) => run.GatherForNext(begin);

    /// <summary>Waits for the right to write, unless it is believed to come, and for what was asked ahead. It costs a way where nothing was sent since.</summary>
    /// <remarks>A unit begins before it has the right, so what counts time from then on is made after this.</remarks>
    public Task TurnAsync() => Transaction.TurnAsync();

    /// <summary>Lets a unit go on without waiting for the right to write: the server takes it, and looks whether a condition holds, as it runs what the unit tells.</summary>
    /// <remarks>
    /// To be asked for <see cref="MayBelieve"/> first. What is believed beside the condition must fail by itself where it is not so. The server looks
    /// a moment before it has the turn: what another has changed in that moment is found by the journal's key, so it must be something that is journalled.
    /// </remarks>
    /// <param name="condition">A constant text, as it could stand after WHERE.</param>
    /// <exception cref="DBConcurrencyException">It does not hold, or another has the right to write: the group runs again, and asks first. Thrown by the next statement that answers, or the commit.</exception>
    public void Believe(string condition, object parameters)
    {
        var takesTurn = Dialect.TakeFreeTurn ?? throw new InvalidOperationException("Where one process writes there is nothing to believe.");
        Transaction.Believe(new ExactTelling(kept.Check($"{takesTurn} AND {condition}").With(parameters), rows: 1, counts: true));
    }

    /// <summary>Joins an event to the journal in the same commit. Events of a group are chained, in order, at its end.</summary>
    /// <exception cref="InvalidOperationException">The session only reads.</exception>
    public void Append(EventDraft draft)
    {
        RequireWriter();
        drafts.Add(draft);
        if (draft.EventId is { } eventId)
        {
            named.TryAdd(eventId, draft);
        }
    }

    /// <summary>Runs an action once the unit's commit is durable; never when it fails. The action must be quick and must not throw.</summary>
    /// <exception cref="InvalidOperationException">The session only reads.</exception>
    public void AfterCommit(Action action)
    {
        RequireWriter();
        afterCommit.Add(action);
    }

    /// <summary>Tells the other hosts on the database once the unit's commit is durable; what a group says again is counted.</summary>
    /// <param name="topic">A word under which they hear it, see <see cref="Notices.Hear"/>.</param>
    /// <param name="words">A record of few members, or a text.</param>
    /// <param name="times">How often it is said; at least 1.</param>
    /// <exception cref="InvalidOperationException">The session only reads.</exception>
    public void Tell(string topic, object? words = null, int times = 1)
    {
        if (!Transaction.IsOpen)
        {
            RequireWriter();
        }

        if (Dialect.Notify is not null)
        {
            var notice = new Notice(topic, words ?? string.Empty);
            told[notice] = told.GetValueOrDefault(notice) + times;
        }
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        wasLost ??= IsLost;
        await kept.DisposeAsync();
        await connection.DisposeAsync();
    }

    internal DbConnection Connection => connection;

    internal bool IsElsewhere => connection is not SqliteConnection;

    /// <summary>True when nothing more can be done over its connection.</summary>
    internal bool IsLost => wasLost ?? (connection.State != ConnectionState.Open);

    /// <summary>The draft of an id among those that wait for this commit, or null.</summary>
    internal EventDraft? DraftOf(string eventId) => named.GetValueOrDefault(eventId);

    internal void Forget()
    {
        drafts.Clear();
        named.Clear();
        afterCommit.Clear();
        told.Clear();
        Sequence = 0;
    }

    /// <summary>Has done after the commit what was to be done after that of another session, which was kept.</summary>
    internal void GoOnFrom(SqlSession other) => afterCommit.AddRange(other.afterCommit);

    private async Task TellAllAsync<T>(string sql, IReadOnlyCollection<T> rows, bool isExact)
        where T : notnull
    {
        if (rows.Count == 0)
        {
            return;
        }

        if (IsElsewhere)
        {
            foreach (var page in rows.Chunk(SetStatement.ToldRows))
            {
                await kept.Set<T>(sql).ExecuteAsync(page, isExact);
            }

            return;
        }

        try
        {
            foreach (var row in rows)
            {
                if (await ExecuteAsync(sql, row) != 1 && isExact)
                {
                    throw ExactTelling.Missed();
                }
            }
        }
        catch (DbException fault) when (isExact && ExactTelling.HasMissed(fault))
        {
            throw ExactTelling.Missed(fault);
        }
    }

    private void RequireWriter()
    {
        if (!IsWriter)
        {
            throw new InvalidOperationException("A read session changes nothing; use Database.WriteAsync.");
        }
    }
}
