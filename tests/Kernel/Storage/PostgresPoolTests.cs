namespace Refinery.Tests.Kernel.Storage;

/// <summary>A host asks for no more connections than its bound, however many ask it.</summary>
public sealed class PostgresPoolTests
{
    private const string Connections = "SELECT COUNT(*) FROM pg_stat_activity, pg_sleep(0.05) WHERE datname = current_database() AND backend_type = 'client backend'";

    [Fact]
    public async Task More_readers_than_connections_wait_for_each_other_and_keep_no_writer_waiting()
    {
        await using var engine = new PostgresEngine();
        var database = engine.Open();
        await database.WriteAsync(sql => sql.ExecuteAsync("CREATE TABLE notes (number BIGINT PRIMARY KEY)"), CancellationToken.None);

        var reading = Enumerable.Range(0, 400).Select(_ => database.ReadAsync(sql => sql.WholeAsync(Connections), CancellationToken.None)).ToList();
        await database.WriteAsync(sql => sql.ExecuteAsync("INSERT INTO notes (number) VALUES (1)"), CancellationToken.None);
        var left = reading.Count(one => !one.IsCompleted);

        Assert.NotEqual(0, left);
        Assert.InRange((await Task.WhenAll(reading)).Max() ?? 0, 2, 16);
    }
}
