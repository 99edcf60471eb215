using System.Diagnostics;
using Npgsql;

namespace Refinery.Bench;

/// <summary>What Postgres alone needs to store what a host stored there: the bound that no code around it can pass with these tables.</summary>
/// <remarks>
/// Copies the rows inside the database, table to table and into empty tables, in commits as large as the host's can be, with every index and flush,
/// each commit one text over one connection, while nobody else works. What a host must ask before it stores is left out.
/// </remarks>
internal static class ServerFloor
{
    private static readonly string[] Tables = ["steps", "events", "nodes", "edges", "node_events", "node_mentions"];

    /// <summary>Submitted steps a second: of each step a row, its event and its node.</summary>
    /// <param name="dsn">The host's database; the host may be running, and is idle.</param>
    /// <param name="steps">How many steps of it are stored, all waiting.</param>
    /// <param name="group">Steps to a commit.</param>
    public static Task<double> OfSubmitsAsync(string dsn, int steps, int group) => MeasureAsync(dsn, string.Empty, steps, group, first => [
        $"""
        INSERT INTO floor.steps SELECT steps.* FROM floor.numbers JOIN steps USING (step_id) WHERE number > {first} AND number <= {first + group};
        INSERT INTO floor.events SELECT * FROM events WHERE {Within(first, group)};
        INSERT INTO floor.nodes SELECT * FROM nodes WHERE {Within(first, group)};
        """]);

    /// <summary>Steps claimed and completed a second: each commit of claims is followed by one of completions.</summary>
    /// <param name="steps">How many steps there are, all completed, each of them with three events since it was submitted.</param>
    /// <inheritdoc cref="OfSubmitsAsync"/>
    public static Task<double> OfDrainAsync(string dsn, int steps, int group) => MeasureAsync(
        dsn,
        "INSERT INTO floor.steps SELECT * FROM steps; UPDATE floor.steps SET status = 'pending', claimed_by = NULL, lease_until = NULL",
        steps,
        group,
        first => [
            $"""
            UPDATE floor.steps SET status = 'running', claimed_by = 'pod-1', fence = fence + 1, attempts = attempts + 1, lease_until = updated_at
            FROM floor.numbers WHERE steps.step_id = numbers.step_id AND number > {first} AND number <= {first + group};
            {Facts(steps + (first * 3), group * 2)}
            """,
            $"""
            UPDATE floor.steps SET status = 'completed', detail = 'done', lease_until = NULL
            FROM floor.numbers WHERE steps.step_id = numbers.step_id AND number > {first} AND number <= {first + group};
            {Facts(steps + (first * 3) + (group * 2), group)}
            """]);

    /// <summary>What some events were stored with.</summary>
    private static string Facts(int first, int count) => $"""
        INSERT INTO floor.events SELECT * FROM events WHERE {Within(first, count)};
        INSERT INTO floor.nodes SELECT * FROM nodes WHERE {Within(first, count)};
        INSERT INTO floor.edges SELECT edges.* FROM nodes JOIN edges ON target = node_id WHERE {Within(first, count)};
        INSERT INTO floor.node_events SELECT * FROM node_events WHERE {Within(first, count)};
        INSERT INTO floor.node_mentions SELECT * FROM node_mentions WHERE {Within(first, count)};
        """;

    private static string Within(int first, int count) => $"sequence > {first} AND sequence <= {first + count}";

    private static async Task<double> MeasureAsync(string dsn, string prepare, int steps, int group, Func<int, IReadOnlyList<string>> commits)
    {
        await using var source = NpgsqlDataSource.Create(dsn);
        await using var connection = await source.OpenConnectionAsync();
        await ExecuteAsync(connection, "CREATE SCHEMA floor; CREATE TABLE floor.numbers (number BIGINT PRIMARY KEY, step_id TEXT NOT NULL)");
        await ExecuteAsync(connection, "INSERT INTO floor.numbers SELECT row_number() OVER (ORDER BY created_at, step_id), step_id FROM steps");
        foreach (var table in Tables)
        {
            await ExecuteAsync(connection, $"CREATE TABLE floor.{table} (LIKE {table} INCLUDING ALL)");
        }

        // The host's rows are found by the sequence of their events, which its own queries need no index for.
        await ExecuteAsync(connection, "CREATE INDEX ON nodes (sequence); CREATE INDEX ON node_events (sequence); CREATE INDEX ON node_mentions (sequence)");
        await ExecuteAsync(connection, prepare);
        await ExecuteAsync(connection, "VACUUM ANALYZE");
        await ExecuteAsync(connection, "CHECKPOINT");
        var clock = Stopwatch.StartNew();
        for (var first = 0; first < steps; first += group)
        {
            foreach (var commit in commits(first))
            {
                await ExecuteAsync(connection, $"BEGIN; {commit} COMMIT");
            }
        }

        return steps / clock.Elapsed.TotalSeconds;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text)
    {
        if (text.Length > 0)
        {
            await using var command = new NpgsqlCommand(text, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
