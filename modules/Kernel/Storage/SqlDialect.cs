using System.Text.RegularExpressions;

namespace Refinery.Kernel.Storage;

/// <summary>The few words in which the two engines differ. A text written with the tokens runs on both.</summary>
/// <remarks>
/// Tokens: <c>{{id}}</c> a self-counting primary key, <c>{{key}}</c> a whole-number primary key that the store gives (on SQLite
/// the row's own place, so that it costs no second tree), <c>{{json}}</c> the type of a JSON column,
/// <c>{{clustered}}</c> after a table whose rows lie in its primary key's tree, <c>{{skip_locked}}</c> the
/// clause by which concurrent claimers pass over each other's rows, <c>{{refusal}}</c> and <c>{{refuse}}</c> what a trigger needs to refuse a change. Source: docs/adr, "One SQL text for two engines".
/// </remarks>
public sealed partial class SqlDialect
{
    private readonly (string Token, string Text)[] tokens;

    private SqlDialect(string name, (string Token, string Text)[] tokens, IReadOnlyList<string> onOpen)
    {
        Name = name;
        this.tokens = tokens;
        OnOpen = onOpen;
    }

    /// <summary>The embedded engine: one file, one process.</summary>
    public static SqlDialect Sqlite { get; } = new(
        "sqlite",
        [("{{id}}", "INTEGER PRIMARY KEY AUTOINCREMENT"), ("{{key}}", "INTEGER PRIMARY KEY"), ("{{json}}", "TEXT"), ("{{clustered}}", "WITHOUT ROWID"), ("{{skip_locked}}", ""), ("{{refusal}}", ""), ("{{refuse}}", "BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END")],
        [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA busy_timeout = 10000",
            "PRAGMA cache_size = -16384",
            "PRAGMA wal_autocheckpoint = 4000",
        ]);

    /// <summary>Postgres 15 or later: many hosts.</summary>
    public static SqlDialect Postgres { get; } = new(
        "postgres",
        [
            ("{{id}}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ("{{key}}", "BIGINT PRIMARY KEY"),
            ("{{json}}", "TEXT"),
            ("{{clustered}}", ""),
            ("{{skip_locked}}", "FOR UPDATE SKIP LOCKED"),
            ("{{refusal}}", "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'events are only ever appended'; END $$;"),
            ("{{refuse}}", "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"),
        ],
        [
            // A host that stops in the middle, or whose machine is gone, must not hold up the others.
            "SET idle_in_transaction_session_timeout = '5s'",
            "SET tcp_keepalives_idle = 10",
            "SET tcp_keepalives_interval = 5",
            "SET tcp_keepalives_count = 2",
        ])
    {
        // Of the hosts on one database one at a time runs its group, as if there were one process.
        Notify = $"SELECT pg_notify('{Notices.Channel}', @Payload)",
        Begin = "BEGIN ISOLATION LEVEL READ COMMITTED",
        TakeTurn = "SELECT pg_advisory_xact_lock(hashtext('refinery'))",
        TakeFreeTurn = "pg_try_advisory_xact_lock(hashtext('refinery'))",
        Patience = TimeSpan.FromMilliseconds(2),

        // A group finds its rows by their keys, in an index's order. A plan is kept, and one made while few rows were there would go on to read and sort them all.
        OnOpenWriter = ["SET enable_seqscan = off", "SET enable_sort = off", "SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET jit = off"],
    };

    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public string Name { get; }

    /// <summary>What tells other hosts <c>@Payload</c> once the commit is durable; null where there are none.</summary>
    internal string? Notify { get; private init; }

    /// <summary>What begins a transaction that writes.</summary>
    internal string Begin { get; private init; } = "BEGIN IMMEDIATE";

    /// <summary>What waits for the right to write and holds it until the commit; null where only one process writes anyway.</summary>
    internal string? TakeTurn { get; private init; }

    /// <summary>A condition that takes the right to write and does not wait: it holds unless another has it.</summary>
    internal string? TakeFreeTurn { get; private init; }

    /// <summary>How long the writer waits for a group at most after one of several: a third of what a group takes on a server elsewhere; nothing on the embedded engine, which is done sooner.</summary>
    internal TimeSpan Patience { get; private init; }

    /// <summary>Statements run once on every new connection.</summary>
    internal IReadOnlyList<string> OnOpen { get; }

    /// <summary>Statements run once on every new connection that writes groups.</summary>
    internal IReadOnlyList<string> OnOpenWriter { get; private init; } = [];

    /// <summary>A schema text in this engine's words, whose texts sort by their bytes, as SQLite's do, whatever language the database was made in.</summary>
    internal string RenderSchema(string sql) => this == Sqlite ? Render(sql) : Text().Replace(Render(sql), "TEXT COLLATE \"C\"");

    /// <summary>The text with every token replaced by this engine's words.</summary>
    public string Render(string sql)
    {
        if (!sql.Contains("{{", StringComparison.Ordinal))
        {
            return sql;
        }

        return tokens.Aggregate(sql, (text, token) => text.Replace(token.Token, token.Text, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bTEXT\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Text();
}
