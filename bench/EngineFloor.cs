using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Refinery.Kernel.Storage;

namespace Refinery.Bench;

/// <summary>What the embedded engine alone needs to store what a host stored: the bound no code around it can pass.</summary>
/// <remarks>Copies the rows of submitted steps inside the engine, table to table, in commits as large as the host's, with every index and flush.</remarks>
internal static class EngineFloor
{
    private static readonly (string Table, string Key, int KeysPerStep)[] Tables = [("steps", "rowid", 1), ("events", "sequence", 1), ("history", "id", 2)];

    /// <summary>Steps a second when each step is one row in each of the tables.</summary>
    /// <param name="made">The host's database; the host may be running, and is idle.</param>
    /// <param name="steps">How many steps it holds.</param>
    /// <param name="group">Steps to a commit.</param>
    public static double Measure(string made, int steps, int group)
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
            return Copy(connection, steps, group);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Copy(SqliteConnection connection, int steps, int group)
    {
        var clock = Stopwatch.StartNew();
        for (var done = 0; done < steps; done += group)
        {
            using var transaction = connection.BeginTransaction();
            foreach (var (table, key, keys) in Tables)
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"INSERT INTO main.{table} SELECT * FROM made.{table} WHERE {key} > {done * keys} AND {key} <= {(done + group) * keys}";
                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        return steps / clock.Elapsed.TotalSeconds;
    }

    private static List<string> Texts(SqliteConnection connection)
    {
        var texts = new List<string>();
        foreach (var (table, _, _) in Tables)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT sql FROM made.sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL ORDER BY type DESC";
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
