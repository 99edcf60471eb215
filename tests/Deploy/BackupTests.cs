using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Refinery.Kernel.Journal;
using Refinery.Tests.Builds;
using Refinery.Tests.Chaos;
using Refinery.Tests.History;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Deploy;

/// <summary>What README.md says under "Back up", done for real.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly TemporaryFolder books = new();
    private readonly TemporaryFolder copies = new();
    private readonly TemporaryFolder restored = new();

    public void Dispose()
    {
        books.Dispose();
        copies.Dispose();
        restored.Dispose();
    }

    [Fact]
    public async Task A_dump_of_a_host_at_work_is_a_whole_system_elsewhere()
    {
        var host = await StartAsync(books, [OnPostgres(books), ("LOCAL_WORKER", "1")]);
        using var stop = new CancellationTokenSource();
        var accepted = new ConcurrentQueue<string>();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoadAsync(host, accepted, stop.Token)));
        await Wait.UntilAsync(() => Task.FromResult(accepted.Count >= 200));
        var wheel = await StoreAsync(host, "before the dump");

        var before = accepted.ToArray();
        await DumpAsync();
        await CopyAsync("artifacts", books, copies);
        await stop.CancelAsync();
        await load;
        await host.StopAsync();
        await CopyAsync("artifacts", copies, restored);

        var second = await StartAsync(restored, [OnPostgres(restored)]);
        await AssertWholeAsync(second);
        Assert.Equal("before the dump", await second.Http.GetStringAsync($"/api/artifacts/sha256/{wheel}"));
        await second.StopAsync();
        second = await StartAsync(restored, [OnPostgres(restored), ("LOCAL_WORKER", "1")]);
        foreach (var stepId in before)
        {
            await second.UntilCompletedAsync(stepId);
        }

        await second.StopAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_journal_file_and_the_artifacts_make_an_empty_system_what_the_first_was(bool fromPostgres, bool toPostgres)
    {
        var host = await StartAsync(books, Books(books, fromPostgres));
        List<string> steps = [];
        for (var number = 0; number < 20; number++)
        {
            steps.Add(await host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { number }, priority = number % 2 }));
        }

        foreach (var step in await host.ClaimAsync("pod-a", max: 5))
        {
            await host.PostAsync($"/api/steps/{step.GetProperty("step_id").GetString()}/complete", new { pod_id = "pod-a", fence = step.GetProperty("fence").GetInt64() });
        }

        var wheel = await StoreAsync(host, "kept");
        var head = await host.Services.GetRequiredService<EventJournal>().HeadAsync(CancellationToken.None);
        await host.StopAsync();

        Assert.Equal($"The file 'copy.ndjson' holds the journal: {head.Sequence} events, head {head.Hash}.", await RunAsync(books, fromPostgres));
        Assert.Equal($"Made the database from the {head.Sequence} events of 'copy.ndjson'.", await RunAsync(restored, toPostgres));
        await CopyAsync("artifacts", books, restored);

        var second = await StartAsync(restored, Books(restored, toPostgres));
        Assert.Equal(head, (await second.Services.GetRequiredService<EventJournal>().ListAfterAsync(head.Sequence - 1, 1, CancellationToken.None)) is [var last] ? new JournalHead(last.Sequence, last.Hash) : null);
        await AssertWholeAsync(second);
        Assert.Equal("kept", await second.Http.GetStringAsync($"/api/artifacts/sha256/{wheel}"));
        var inOrder = steps.Where((_, number) => number % 2 == 1).Concat(steps.Where((_, number) => number % 2 == 0)).Skip(5);
        Assert.Equal(inOrder, (await second.ClaimAsync("pod-b", max: 30)).Select(step => step.GetProperty("step_id").GetString()));
        await second.StopAsync();
    }

    [Fact]
    public async Task The_journal_of_Postgres_is_written_beside_a_host_at_work()
    {
        var host = await StartAsync(books, [OnPostgres(books), ("QUEUE_BACKEND", "postgres")]);
        using var stop = new CancellationTokenSource();
        var accepted = new ConcurrentQueue<string>();
        var load = LoadAsync(host, accepted, stop.Token);
        await Wait.UntilAsync(() => Task.FromResult(accepted.Count >= 20));
        var before = await host.Services.GetRequiredService<EventJournal>().HeadAsync(CancellationToken.None);

        await using var run = HostRun.Start(copies, ["journal", "--file", "copy.ndjson"], OnPostgres(books), ("QUEUE_BACKEND", "postgres"));
        Assert.True(await run.ExitAsync() == 0, run.Errors);
        await stop.CancelAsync();
        await load;
        await host.StopAsync();

        var verdict = JournalFileAudit.Verify(copies.File("copy.ndjson"), checkpoint: null);
        Assert.Null(verdict.Fault);
        Assert.True(verdict.Head.Sequence >= before.Sequence);
    }

    [Fact]
    public async Task A_file_of_another_journal_is_refused()
    {
        foreach (var (folder, type) in new[] { (books, "one"), (restored, "other") })
        {
            var host = await StartAsync(folder, []);
            await host.SubmitAsync(new { type, args = new { } });
            await host.StopAsync();
        }

        await RunAsync(books, onPostgres: false);
        await using var run = HostRun.Start(copies, ["journal", "--file", "copy.ndjson"], ("DATA_DIR", restored.Path));

        Assert.Equal(1, await run.ExitAsync());
        Assert.StartsWith("The journal file 'copy.ndjson' contradicts the database: its event ", run.Errors, StringComparison.Ordinal);
    }

    private static (string Name, string Value) OnPostgres(TemporaryFolder folder) => ("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(folder));

    private static (string Name, string Value)[] Books(TemporaryFolder folder, bool onPostgres) => onPostgres ? [OnPostgres(folder)] : [("POSTGRES_DSN", string.Empty)];

    private static Task<RefineryHost> StartAsync(TemporaryFolder folder, (string Name, string Value)[] settings) =>
        RefineryHost.StartAsync(folder, [("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"), .. settings]);

    /// <summary>Runs the command over books; the file is that of <see cref="copies"/>.</summary>
    private async Task<string> RunAsync(TemporaryFolder folder, bool onPostgres)
    {
        await using var run = HostRun.Start(copies, ["journal", "--file", "copy.ndjson"], [.. Books(folder, onPostgres), ("DATA_DIR", folder.Path)]);
        Assert.True(await run.ExitAsync() == 0, run.Errors);
        return run.Output.TrimEnd();
    }

    /// <summary>Dumps the books and restores them as those of <see cref="restored"/>.</summary>
    private async Task DumpAsync()
    {
        await Tool.RunAsync(Path.Combine(PostgresServer.Folder!, "pg_dump"), ["-Fc", "-f", copies.File("books.dump"), "-d", Dsn(books)]);
        await Tool.RunAsync(Path.Combine(PostgresServer.Folder!, "pg_restore"), ["-d", Dsn(restored), copies.File("books.dump")]);

        static string Dsn(TemporaryFolder folder)
        {
            var parts = new NpgsqlConnectionStringBuilder(PostgresEngine.ConnectionStringOf(folder));
            return $"host={parts.Host} port={parts.Port} user={parts.Username} password='{parts.Password}' dbname={parts.Database}";
        }
    }

    private static Task<string> CopyAsync(string name, TemporaryFolder from, TemporaryFolder to) => Tool.RunAsync("cp", "-a", from.File(name), to.Path);

    /// <summary>The chain holds, and a replay makes every projection what it is.</summary>
    private static async Task AssertWholeAsync(RefineryHost host)
    {
        var journal = host.Services.GetRequiredService<EventJournal>();
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);
        var tables = await ProjectionTables.ListAsync(host, _ => true);
        Assert.NotEmpty(tables);
        var before = await ProjectionTables.DumpAsync(host, tables);
        await journal.RebuildAsync(CancellationToken.None);
        Assert.Equal(before, await ProjectionTables.DumpAsync(host, tables));
    }

    private static async Task LoadAsync(RefineryHost host, ConcurrentQueue<string> accepted, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            accepted.Enqueue(await host.SubmitAsync(new { type = "hello_world", args = new { message = "hello" } }));
            await host.PostAsync("/api/history", new { name = "pkg", version = "1.0", status = "built" });
        }
    }

    /// <returns>Its digest.</returns>
    private static async Task<string> StoreAsync(RefineryHost host, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        using var stored = await host.Http.PutAsync($"/api/artifacts/sha256/{digest}", new ByteArrayContent(bytes) { Headers = { ContentType = new("application/octet-stream") } });
        Assert.True(stored.IsSuccessStatusCode, await stored.Content.ReadAsStringAsync());
        return digest;
    }
}
