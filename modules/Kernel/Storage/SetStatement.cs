using System.Data.Common;
using System.Text.RegularExpressions;

namespace Refinery.Kernel.Storage;

/// <summary>A text that is written for one row, run once for a whole set of them: the engine gets each parameter as an array.</summary>
/// <remarks><c>VALUES (@A, @B)</c> becomes <c>SELECT given."A", given."B" FROM unnest(…) AS given ("A", "B")</c>; an UPDATE, a DELETE and a SELECT are joined with the set.</remarks>
internal sealed partial class SetStatement(DbCommand command, Func<DbTransaction?> transaction, CommandRun run) : IAsyncDisposable
{
    /// <summary>Rows at most; a larger set only holds more memory.</summary>
    public const int MaxRows = 5000;

    private Type? boundType;
    private int[] positions = [];

    /// <summary>The text for a set of rows.</summary>
    /// <exception cref="ArgumentException">The text has no place for a set.</exception>
    public static string Render(string text, IReadOnlyCollection<string> names)
    {
        var given = ParameterBinder.Parameter().Replace(text, "given.\"${name}\"");
        var from = $"unnest({string.Join(", ", names.Select(name => $"@{name}"))}) AS given ({string.Join(", ", names.Select(name => $"\"{name}\""))})";
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
        return Where().Match(given) is { Success: true } where
            ? $"{given[..where.Index]}{joined}{from}{given[where.Index..]}"
            : throw new ArgumentException("A set is given to an INSERT with VALUES, or to a text with WHERE.", nameof(text));
    }

    public Task<int> ExecuteAsync<T>(IReadOnlyCollection<T> rows)
        where T : notnull => run.ExecuteAsync(With(rows));

    public Task<List<TResult>> QueryAsync<T, TResult>(Func<ISqlRow, TResult> read, IReadOnlyCollection<T> rows)
        where T : notnull => run.QueryAsync(With(rows), read);

    public ValueTask DisposeAsync() => command.DisposeAsync();

    private DbCommand With<T>(IReadOnlyCollection<T> rows)
        where T : notnull
    {
        command.Transaction = transaction();
        var binder = ParameterBinder.Of(typeof(T));
        if (boundType != typeof(T))
        {
            positions = binder.Declare(command);
            boundType = typeof(T);
        }

        var columns = new Columns(command.Parameters.Count, rows.Count);
        foreach (var row in rows)
        {
            binder.Bind(row, columns, positions);
        }

        for (var position = 0; position < columns.Values.Length; position++)
        {
            command.Parameters[position].Value = columns.Values[position];
        }

        return command;
    }

    [GeneratedRegex(@"VALUES \((?<values>([^()]|\([^()]*\))*)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Values();

    [GeneratedRegex(@"\sWHERE\s", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Where();

    /// <summary>Takes the rows' values, column by column.</summary>
    private sealed class Columns(int count, int rows) : ISqlValues
    {
        public object[] Values { get; } = new object[count];

        public void Set(int position, string? value) => Add(position, value);

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
