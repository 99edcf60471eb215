using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;

namespace Refinery.Bench;

/// <summary>What the embedded engine alone needs to store what a host stored: the bound no code around it can pass.</summary>
/// <remarks>Copies the rows of submitted steps inside the engine, table to table, in commits as large as the host's, with every index and flush.</remarks>
internal static class EngineFloor
{
    private static readonly string[] Tables = ["steps", "events", "history", "nodes", "edges", "builds"];

    /// <summary>Submitted steps a second: of each step a row, its event, its history, its node and edge, its build.</summary>
    /// <param name="made">The host's database; the host may be running, and is idle.</param>
    /// <param name="steps">How many steps it holds, all waiting.</param>
    /// <param name="group">Steps to a commit.</param>
    public static double OfSubmits(string made, int steps, int group) => Measure(made, connection => PerSecond(steps, group, first => Commit(connection, $"""
        INSERT INTO main.steps SELECT * FROM made.steps WHERE rowid > {first} AND rowid <= {first + group};
        INSERT INTO main.events SELECT * FROM made.events WHERE sequence > {first} AND sequence <= {first + group};
        INSERT INTO main.history SELECT * FROM made.history WHERE id > {first * 2} AND id <= {(first + group) * 2};
        INSERT INTO main.nodes SELECT * FROM made.nodes WHERE node_type = 'Task' AND sequence > {first} AND sequence <= {first + group};
        INSERT INTO main.edges SELECT edges.* FROM made.nodes JOIN made.edges ON source = node_id WHERE node_type = 'Task' AND sequence > {first} AND sequence <= {first + group};
        INSERT INTO main.builds SELECT * FROM made.builds WHERE sequence > {first} AND sequence <= {first + group}
        """)));

    /// <summary>Steps claimed and completed a second: each commit of claims is followed by one of completions.</summary>
    /// <param name="steps">How many steps it holds, all completed.</param>
    /// <inheritdoc cref="OfSubmits"/>
    public static double OfClaims(string made, int steps, int group) => Measure(made, connection =>
    {
        Commit(connection, "INSERT INTO main.steps SELECT * FROM made.steps; UPDATE main.steps SET status = 'pending', claimed_by = NULL, lease_until = NULL;"
            + "INSERT INTO main.builds SELECT * FROM made.builds; UPDATE main.builds SET status = 'pending', started_at = NULL, completed_at = NULL");
        return PerSecond(steps, group, first =>
        {
            Commit(connection, $"""
                UPDATE main.builds SET status = 'running', started_at = created_at WHERE sequence > {first} AND sequence <= {first + group};
                UPDATE main.steps SET status = 'claimed', claimed_by = 'pod-1', fence = fence + 1, attempts = attempts + 1, lease_until = updated_at
                WHERE rowid > {first} AND rowid <= {first + group};
                INSERT INTO main.events SELECT * FROM made.events WHERE sequence > {steps + (first * 2)} AND sequence <= {steps + (first * 2) + group};
                INSERT INTO main.nodes SELECT * FROM made.nodes WHERE node_type = 'Attempt' AND sequence > {steps + (first * 2)} AND sequence <= {steps + ((first + group) * 2)}
                """);
            Commit(connection, $"""
                UPDATE main.builds SET status = 'succeeded', completed_at = created_at WHERE sequence > {first} AND sequence <= {first + group};
                UPDATE main.steps SET status = 'completed', detail = 'done', lease_until = NULL WHERE rowid > {first} AND rowid <= {first + group};
                INSERT INTO main.events SELECT * FROM made.events WHERE sequence > {steps + (first * 2) + group} AND sequence <= {steps + ((first + group) * 2)};
                INSERT INTO main.history SELECT * FROM made.history WHERE id > {(steps + (first * 2)) * 2} AND id <= {(steps + ((first + group) * 2)) * 2}
                """);
        });
    });

    private static double Measure(string made, Func<SqliteConnection, double> measure)
    {
        var folder = Directory.CreateTempSubdirectory("refinery-floor-");
        try
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.FullName, "floor.db")};Pooling=False");
            connection.Open();
            foreach (var pragma in SqlDialect.Sqlite.OnOpen)
            {
                Execute(connection, pragma);
            }

            Execute(connection, $"ATTACH '{made}' AS made");
            Texts(connection).ForEach(text => Execute(connection, text));
            return measure(connection);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double PerSecond(int steps, int group, Action<int> commit)
    {
        var clock = Stopwatch.StartNew();
        for (var first = 0; first < steps; first += group)
        {
            commit(first);
        }

        return steps / clock.Elapsed.TotalSeconds;
    }

    private static void Commit(SqliteConnection connection, string text) => Execute(connection, $"BEGIN; {text}; COMMIT");

    private static List<string> Texts(SqliteConnection connection)
    {
        var texts = new List<string>();
        foreach (var table in Tables)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT sql FROM made.sqlite_master WHERE tbl_name = '{table}' AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC";
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                texts.Add(reader.GetString(0));
            }
        }

        return texts;
    }

    private static void Execute(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
