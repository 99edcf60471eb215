using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Refinery.Contract;
using Refinery.FileQueue;

namespace Refinery.Tests.Chaos;

/// <summary>What a host that has ended left in its data directory, read without it.</summary>
internal sealed class Remains(string data)
{
    private static readonly string[] Terminal = ["completed", "failed", "cancelled"];

    /// <summary>Events of the database in order.</summary>
    public IReadOnlyList<LeftEvent> Events { get; } = Read(data, "SELECT sequence, hash, canonical FROM events ORDER BY sequence")
        .ConvertAll(row => new LeftEvent((long)row[0], (string)row[1], (string)row[2]));

    /// <summary>Rows of steps by id.</summary>
    public IReadOnlyDictionary<string, LeftStep> Steps { get; } = Read(data, "SELECT step_id, status, attempts, fence, type FROM steps")
        .ToDictionary(row => (string)row[0], row => new LeftStep((string)row[1], (long)row[2], (long)row[3], (string)row[4]), StringComparer.Ordinal);

    /// <summary>Steps that have not ended; may be asked while a host runs.</summary>
    public static long CountUnfinished(string data) =>
        (long)Read(data, "SELECT COUNT(*) FROM steps WHERE status IN ('pending', 'claimed', 'running')")[0][0];

    /// <summary>Every row of every table, for comparing.</summary>
    public static string Dump(string data)
    {
        var text = new StringBuilder();
        foreach (var table in Read(data, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"))
        {
            var rows = Read(data, $"SELECT * FROM {table[0]}").Select(row => string.Join('|', row)).Order(StringComparer.Ordinal);
            text.Append("== ").Append(table[0]).Append('\n').AppendJoin('\n', rows).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Each step ended once: one terminal event, a terminal row, one attempt.created for each attempt.</summary>
    public void AssertEveryStepEndedOnce()
    {
        var endings = CountByStep(link => link.IsTerminal);
        var attempts = CountByStep(link => link.Type == "attempt.created");
        Assert.All(Steps, step =>
        {
            Assert.Contains(step.Value.Status, Terminal);
            Assert.True(endings.GetValueOrDefault(step.Key) == 1, $"{step.Key} has {endings.GetValueOrDefault(step.Key)} terminal events.");
            Assert.Equal(step.Value.Attempts, attempts.GetValueOrDefault(step.Key));
            Assert.Equal(step.Value.Attempts, step.Value.Fence);
        });
        Assert.Equal(Steps.Keys.Order(StringComparer.Ordinal), CountByStep(link => link.Type == "task.created").Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>The journal on disk holds the database's events, line by line.</summary>
    public void AssertJournalFileEqualsDatabase()
    {
        var lines = File.ReadAllLines(Path.Combine(data, "journal.ndjson"));
        Assert.Equal(Events.Select(link => link.Line), lines);
    }

    /// <summary>The queue file's lines are records, and the plugin opens it.</summary>
    public async Task AssertQueueFileParsesAsync()
    {
        var queueFile = Path.Combine(data, "queue", "queue.ndjson");
        Assert.All(File.ReadAllLines(queueFile), line =>
        {
            var record = JsonElement.Parse(line);
            Assert.Contains(record.GetProperty("op").GetString(), (string[])["add", "pop", "clear"]);
        });
        var context = new PluginContext(new ConfigurationBuilder().Build(), data, TimeProvider.System, NullLoggerFactory.Instance);
        await using var backend = await new FileQueuePlugin().OpenAsync(context, CancellationToken.None);
        Assert.All(await backend.ListAsync(10_000, CancellationToken.None), item => Assert.Contains(item.StepId, Steps.Keys));
    }

    private Dictionary<string, long> CountByStep(Func<LeftEvent, bool> counts) => Events.Where(counts)
        .CountBy(link => link.StepId ?? "", StringComparer.Ordinal)
        .ToDictionary(pair => pair.Key, pair => (long)pair.Value, StringComparer.Ordinal);

    private static List<object[]> Read(string data, string sql)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={Path.Combine(data, "refinery.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }
}

/// <summary>A row of steps.</summary>
internal sealed record LeftStep(string Status, long Attempts, long Fence, string Type);

/// <summary>A row of events.</summary>
internal sealed record LeftEvent(long Sequence, string Hash, string Canonical)
{
    private readonly JsonElement link = JsonElement.Parse(Canonical);

    public string? Type => link.GetProperty("event_type").GetString();

    public string? StepId => Payload.TryGetProperty("task_id", out var id) ? id.GetString() : null;

    public JsonElement Payload => link.GetProperty("payload");

    public bool IsTerminal => Type switch
    {
        "attempt.succeeded" => true,
        "attempt.failed" => !Payload.GetProperty("will_retry").GetBoolean(),
        "attempt.invalidated" => !Payload.GetProperty("requeued").GetBoolean(),
        "task.updated" => Payload.GetProperty("status").GetString() == "cancelled",
        _ => false,
    };

    /// <summary>The line of the journal on disk, for an event of ours.</summary>
    public string Line => $$"""{"sequence":{{Sequence}},"hash":"{{Hash}}","target":null,"event":{{Canonical}}}""";
}
