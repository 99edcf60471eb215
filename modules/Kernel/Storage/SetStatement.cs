using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace Refinery.Kernel.Storage;

/// <summary>A text that is written for one row, run once for a page of them: the engine gets each parameter as an array.</summary>
/// <remarks>
/// <c>VALUES (@A, @B)</c> becomes <c>SELECT given."A", given."B" FROM (SELECT unnest($1) AS "A", unnest($2) AS "B") AS given</c>; an UPDATE, a DELETE and a SELECT are
/// joined with the set. Unlike <c>FROM unnest($1, $2)</c> that is not stored once more by the server before it is read.
/// One that answers nothing goes along with the next that does, and where it is of one row it goes as the row that it is.
/// </remarks>
internal sealed partial class SetStatement
{
    /// <summary>Rows of a set that is asked; a larger page only holds more memory.</summary>
    public const int AskedRows = 5000;

    /// <summary>Rows of a set that is told: the server stores one page while the next is on its way.</summary>
    public const int ToldRows = 512;

    /// <summary>Commands of one text under way at most: each keeps its values until it is given others.</summary>
    private const int MaxUnderWay = 8;

    private readonly string text;
    private readonly string set;
    private readonly IReadOnlyList<string> names;
    private readonly HeldCommands held;
    private readonly CommandRun run;
    private readonly bool answers;
    private readonly bool mayMiss;
    private readonly List<SetCommand> telling = [];
    private readonly List<SetCommand> exact = [];
    private readonly SetCommand asking;
    private BatchStatement? row;
    private BatchStatement? exactRow;

    /// <param name="text">For one row, in the engine's own words.</param>
    /// <param name="names">The parameters it names.</param>
    public SetStatement(string text, IReadOnlyList<string> names, HeldCommands held, CommandRun run)
    {
        (this.text, set, this.names, this.held, this.run) = (text, Render(text, names), names, held, run);
        asking = Create();
        answers = text.Contains("RETURNING", StringComparison.Ordinal);

        // Of an INSERT that lets nothing pass each row is a row, or a fault.
        mayMiss = !Values().IsMatch(text) || text.Contains("ON CONFLICT", StringComparison.Ordinal);
    }

    /// <summary>The text for a set of rows.</summary>
    /// <exception cref="ArgumentException">The text has no place for a set.</exception>
    /// <remarks>The first array is hidden in a SELECT: the server plans a text anew each time it sees how long an array is, and that costs more than most sets.</remarks>
    public static string Render(string text, IReadOnlyList<string> names)
    {
        var given = ParameterBinder.Parameter().Replace(text, "given.\"${name}\"");
        var columns = names.Select((name, index) => $"unnest({(index == 0 ? "(SELECT $1)" : $"${index + 1}")}) AS \"{name}\"");
        var from = $"(SELECT {string.Join(", ", columns)}) AS given";
        if (Values().Match(given) is { Success: true } values)
        {
            return $"{given[..values.Index]}SELECT {values.Groups["values"].Value} FROM {from}{given[(values.Index + values.Length)..]}";
        }

        var joined = given.TrimStart() switch
        {
            ['U', ..] => " FROM ",
            ['D', ..] => " USING ",
            _ => ", ",
        };
        return Where().Match(given) is { Success: true } where ? $"{given[..where.Index]}{joined}{from}{given[where.Index..]}"
            : given.StartsWith("SELECT ", StringComparison.Ordinal) && !given.Contains(" FROM ", StringComparison.Ordinal) ? $"{given} FROM {from}"
            : throw new ArgumentException("A set is given to an INSERT with VALUES, to a text with WHERE, or to a SELECT of no table.", nameof(text));
    }

    /// <param name="isExact">True when each row is to change one row.</param>
    public async Task ExecuteAsync<T>(IReadOnlyCollection<T> rows, bool isExact)
        where T : notnull
    {
        if (answers)
        {
            throw new ArgumentException("A text that answers is asked, with QueryAllAsync.", nameof(rows));
        }

        var isCounted = isExact && mayMiss;
        var command = rows.Count == 1 && Row(isCounted) is { IsVacant: true } alone ? alone.With(rows.First()) : await ManyAsync(rows, isCounted);
        await held.TellAsync(isExact ? new ExactTelling(command, rows.Count, isCounted) : new Telling(command, rows.Count));
    }

    public Task<List<TResult>> QueryAsync<T, TResult>(Func<ISqlRow, TResult> read, IReadOnlyCollection<T> rows)
        where T : notnull
    {
        // One of several that are gathered has values of its own.
        var query = run.Gathers ? Create() : asking;
        query.Set(rows);
        return run.QueryAsync(query.Command, read);
    }

    /// <summary>The text for a set of one: without arrays it costs the server a fifth to a third less.</summary>
    private BatchStatement Row(bool isCounted) =>
        isCounted ? exactRow ??= new BatchStatement(ExactTelling.Render(text, "1"), run) : row ??= new BatchStatement(text, run);

    private async Task<NpgsqlBatchCommand> ManyAsync<T>(IReadOnlyCollection<T> rows, bool isCounted)
        where T : notnull
    {
        var command = await VacantAsync(isCounted);
        command.Set(rows);
        return command.Command;
    }

    /// <summary>A command that is not under way; when too many are, they are waited for first.</summary>
    private async Task<SetCommand> VacantAsync(bool isCounted)
    {
        var commands = isCounted ? exact : telling;
        if (commands.Find(one => !held.IsBusy(one.Command)) is { } vacant)
        {
            return vacant;
        }

        if (commands.Count == MaxUnderWay)
        {
            await held.FlushAsync();
            return commands[0];
        }

        commands.Add(isCounted ? new SetCommand(ExactTelling.Render(set, $"${names.Count + 1}"), names, isCounted) : Create());
        return commands[^1];
    }

    private SetCommand Create() => new(set, names, isCounted: false);

    [GeneratedRegex(@"VALUES \((?<values>([^()]|\([^()]*\))*)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Values();

    [GeneratedRegex(@"\sWHERE\s", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Where();

    /// <summary>A command whose parameters are arrays, by position. Not of the connection, by which another thread may be sending.</summary>
    private sealed class SetCommand
    {
        private readonly IReadOnlyList<string> names;
        private readonly NpgsqlParameter<long>? count;
        private Type? boundType;
        private int[] positions = [];

        /// <param name="isCounted">True to give the number of rows after them.</param>
        public SetCommand(string text, IReadOnlyList<string> names, bool isCounted)
        {
            this.names = names;
            Command = new NpgsqlBatchCommand(text);
            foreach (var _ in names)
            {
                Command.Parameters.Add(new NpgsqlParameter());
            }

            if (isCounted)
            {
                Command.Parameters.Add(count = new NpgsqlParameter<long>());
            }
        }

        public NpgsqlBatchCommand Command { get; }

        public void Set<T>(IReadOnlyCollection<T> rows)
            where T : notnull
        {
            var binder = ParameterBinder.Of(typeof(T));
            if (boundType != typeof(T))
            {
                positions = binder.PositionsAmong(names);
                boundType = typeof(T);
            }

            var columns = new Columns(names.Count, rows.Count);
            foreach (var row in rows)
            {
                binder.Bind(row, columns, positions);
            }

            for (var position = 0; position < columns.Values.Length; position++)
            {
                var (parameter, values) = (Command.Parameters[position], columns.Values[position]);
                if (values is List<ReadOnlyMemory<byte>?>)
                {
                    // Of bytes the driver thinks as binary ones.
                    parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text;
                }

                parameter.Value = values;
            }

            if (count is not null)
            {
                count.TypedValue = rows.Count;
            }
        }
    }

    /// <summary>Takes the rows' values, column by column.</summary>
    private sealed class Columns(int count, int rows) : ISqlValues
    {
        public object[] Values { get; } = new object[count];

        public void Set(int position, string? value) => Add(position, value);

        public void Set(int position, ReadOnlyMemory<byte>? value) => Add(position, value);

        public void Set(int position, long? value) => Add(position, value);

        public void Set(int position, double? value) => Add(position, value);

        public void Set(int position, byte[]? value) => Add(position, value);

        private void Add<T>(int position, T value)
        {
            var column = Values[position - 1] as List<T>;
            if (column is null)
            {
                Values[position - 1] = column = new List<T>(rows);
            }

            column.Add(value);
        }
    }
}
