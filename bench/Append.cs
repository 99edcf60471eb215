using Microsoft.Data.Sqlite;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Bench;

/// <summary>Appends single events to the journal from many writers, each durable before its caller goes on: <c>append [writers = 64]</c>.</summary>
internal static class Append
{
    private const int Calls = 200_000;

    public static async Task RunAsync(string[] settings)
    {
        var writers = settings.Length > 0 ? int.Parse(settings[0]) : 64;
        var folder = Directory.CreateTempSubdirectory("refinery-bench-").FullName;
        try
        {
            SQLitePCL.Batteries_V2.Init();
            await using var database = new Database(
                SqliteFactory.Instance.CreateDataSource($"Data Source={Path.Combine(folder, "bench.db")};Pooling=False"), SqlDialect.Sqlite);
            _ = new EventJournal(database, new Ids(TimeProvider.System), TimeProvider.System, []);
            await Migrations.RunAsync(database, [typeof(Database).Assembly], CancellationToken.None);
            await Load.RunAsync(writers, 20_000, number => OneAsync(database, number));

            var result = await Load.RunAsync(writers, Calls, number => OneAsync(database, number));

            Console.WriteLine($"append: {result.PerSecond:N0} events/s; p50 {result.P50:N2} ms, p99 {result.P99:N2} ms ({Calls} chained events, {writers} writers, sqlite synchronous=FULL, group commit, no projection)");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<int> OneAsync(Database database, int number)
    {
        var payload = new EventPayload().Add("task_id", $"step_20260124100000_{number:x8}").Add("status", "pending").Add("priority", number % 5).Seal();
        return database.WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("task.created", payload));
                return Task.FromResult(0);
            },
            CancellationToken.None);
    }
}
