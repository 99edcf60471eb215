using Microsoft.Extensions.DependencyInjection;
using Refinery.Contract;
using Refinery.FileQueue;
using Refinery.Host.Commands;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Plugins;

/// <summary><c>refinery queue move</c> as a person runs it.</summary>
public sealed class QueueMoveTests
{
    private const int Count = 30;
    private const string Again = "; should it be used again, what has ended by then is passed over.";

    [Theory]
    [InlineData(false, "file", "redis", "now start with QUEUE_BACKEND=redis.")]
    [InlineData(true, "redis", "postgres", "now start every host with QUEUE_BACKEND=postgres.")]
    [InlineData(true, "postgres", "file", "now start every host with QUEUE_BACKEND=file.")]
    [InlineData(false, "kafka", "redis", $"now start with QUEUE_BACKEND=redis. What lies in kafka cannot be removed{Again}")]
    [InlineData(false, "file", "kafka", "now start with QUEUE_BACKEND=kafka.")]
    [InlineData(true, "file", "postgres", "now start every host with QUEUE_BACKEND=postgres.")]
    [InlineData(false, "redis", "file", "now start with QUEUE_BACKEND=file.")]
    [InlineData(true, "redis", "kafka", "now start every host with QUEUE_BACKEND=kafka.")]
    [InlineData(true, "postgres", "redis", "now start every host with QUEUE_BACKEND=redis.")]
    [InlineData(true, "postgres", "kafka", "now start every host with QUEUE_BACKEND=kafka.")]
    [InlineData(false, "kafka", "file", $"now start with QUEUE_BACKEND=file. What lies in kafka cannot be removed{Again}")]
    [InlineData(true, "kafka", "postgres", $"now start every host with QUEUE_BACKEND=postgres. What lies in kafka cannot be removed{Again}")]
    public async Task Everything_that_waits_moves_in_its_order(bool onPostgres, string from, string to, string now)
    {
        await using var stores = new QueueStores(onPostgres);
        var inOrder = await LeaveWaitingAsync(stores, from);

        Assert.Equal((0, $"{Count} waiting steps would move from {from} to {to}; no step was moved.", ""), await stores.RunAsync("queue", "move", "--from", from, "--to", to, "--dry-run"));
        Assert.Equal((0, $"Moved {Count} waiting steps from {from} to {to}; {now}", ""), await stores.RunAsync("queue", "move", "--from", from, "--to", to));

        var host = await stores.StartAsync(to);
        Assert.Equal(Count, await LengthAsync(host));
        Assert.Equal(inOrder, (await host.ClaimAsync("pod-a", max: Count + 1)).Select(step => step.GetProperty("step_id").GetString()));
        await host.StopAsync();
        if (from != "kafka")
        {
            host = await stores.StartAsync(from);
            Assert.Equal(0, await LengthAsync(host));
            await host.StopAsync();
        }
    }

    [Fact]
    public async Task Moved_twice_it_is_the_same_and_what_waits_for_an_instant_is_told()
    {
        await using var stores = new QueueStores(onPostgres: false);
        await LeaveWaitingAsync(stores, "file", (host, number) => number == 0
            ? host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, not_before = "2099-01-01T00:00:00Z" })
            : host.SubmitAsync());

        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(
                (0, $"Moved {Count - 1} waiting steps from file to redis; now start with QUEUE_BACKEND=redis. 1 more wait for an instant and join when it comes.", ""),
                await stores.RunAsync("queue", "move", "--from", "file", "--to", "redis"));
        }

        var host = await stores.StartAsync("redis");
        Assert.Equal(Count - 1, await LengthAsync(host));
        await host.StopAsync();
    }

    [Theory]
    [InlineData("queue move needs --from, the name of a queue backend, as in: queue move --from file --to redis.", "--to", "redis")]
    [InlineData("queue move needs --to, the name of a queue backend, as in: queue move --from file --to redis.", "--from", "redis")]
    [InlineData("--from and --to are both 'file'; another backend is expected as --to.", "--from", "file", "--to", "file")]
    [InlineData("--from 'rediss' has no plugin; found: file, kafka, postgres, redis.", "--from", "rediss", "--to", "file")]
    [InlineData("QUEUE_BACKEND 'rediss' has no plugin; found: file, kafka, postgres, redis.", "--from", "file", "--to", "rediss")]
    [InlineData("'--quickly' is no option of queue move; settings as --NAME value are expected, for example --DATA_DIR data.", "--from", "file", "--to", "redis", "--quickly")]
    public async Task What_is_asked_wrongly_is_one_sentence_and_makes_nothing(string sentence, params string[] words)
    {
        using var folder = new TemporaryFolder();
        await using var run = HostRun.Start(folder, ["queue", "move", .. words]);

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal(sentence, run.Errors.TrimEnd());
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_backend_that_is_away_is_one_sentence_and_the_other_keeps_what_it_has()
    {
        await using var stores = new QueueStores(onPostgres: false);
        await LeaveWaitingAsync(stores, "file");

        var (code, output, errors) = await stores.RunAsync("queue", "move", "--from", "file", "--to", "redis", "--REDIS_URL", "redis://127.0.0.1:1");

        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("The queue redis failed after 0 waiting steps: ", errors, StringComparison.Ordinal);
        Assert.EndsWith("The database has them all and file is as it was; run the same command again.", errors, StringComparison.Ordinal);
        var host = await stores.StartAsync("file");
        Assert.Equal(Count, await LengthAsync(host));
        await host.StopAsync();
    }

    [Fact]
    public async Task Cut_short_it_leaves_the_first_as_it_was()
    {
        await using var stores = new QueueStores(onPostgres: false);
        await LeaveWaitingAsync(stores, "file");
        var host = await stores.StartAsync("redis");
        var left = new FileQueuePlugin();
        await using var file = await left.OpenAsync(host.Services.GetRequiredService<PluginContext>(), CancellationToken.None);

        var code = await new QueueMove(host.Services, (left, file)).RunAsync(new CancellationToken(canceled: true));

        Assert.Equal(Interruptible.ExitCode, code);
        Assert.Equal(Count, (await file.StatsAsync(CancellationToken.None)).Length);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_backend_that_is_left_may_be_away()
    {
        await using var stores = new QueueStores(onPostgres: false);
        await LeaveWaitingAsync(stores, "file");

        Assert.Equal(
            (0, $"Moved {Count} waiting steps from redis to file; now start with QUEUE_BACKEND=file. The queue redis could not be reached and keeps what it has{Again}", ""),
            await stores.RunAsync("queue", "move", "--from", "redis", "--to", "file", "--REDIS_URL", "redis://127.0.0.1:1"));
    }

    [Fact]
    public async Task Beside_a_host_on_embedded_books_it_is_refused()
    {
        await using var stores = new QueueStores(onPostgres: false);
        var host = await stores.StartAsync("file");

        Assert.Equal(
            (1, "", $"DATA_DIR '{stores.Folder.Path}' is held by another Refinery process; stop it, or give this one its own DATA_DIR."),
            await stores.RunAsync("queue", "move", "--from", "file", "--to", "redis"));
        await host.StopAsync();
    }

    [Fact]
    public async Task Beside_hosts_on_Postgres_it_loses_and_doubles_nothing()
    {
        await using var stores = new QueueStores(onPostgres: true);
        var inOrder = await LeaveWaitingAsync(stores, "redis");
        var host = await stores.StartAsync("redis");
        using var other = new TemporaryFolder();

        Assert.Equal(
            (0, $"Moved {Count} waiting steps from redis to postgres; now start every host with QUEUE_BACKEND=postgres.", ""),
            await stores.RunAsync("queue", "move", "--from", "redis", "--to", "postgres", "--DATA_DIR", other.Path));
        var first = await host.ClaimAsync("pod-a", max: 10);
        await host.StopAsync();
        host = await stores.StartAsync("postgres");
        var rest = await host.ClaimAsync("pod-a", max: Count);

        Assert.Equal(inOrder, first.Concat(rest).Select(step => step.GetProperty("step_id").GetString()));
        await host.StopAsync();
    }

    /// <returns>The steps in the order they are to be called.</returns>
    private static async Task<List<string>> LeaveWaitingAsync(QueueStores stores, string backend, Func<RefineryHost, int, Task<string>>? submit = null)
    {
        var host = await stores.StartAsync(backend);
        List<(string StepId, int Priority)> steps = [];
        for (var number = 0; number < Count; number++)
        {
            var priority = number % 3;
            steps.Add((await (submit?.Invoke(host, number) ?? host.SubmitAsync(new { type = FleetCalls.Elsewhere, args = new { }, priority })), priority));
        }

        await host.StopAsync();
        return [.. steps.OrderByDescending(step => step.Priority).Select(step => step.StepId)];
    }

    private static async Task<long> LengthAsync(RefineryHost host) =>
        (await host.Services.GetRequiredService<IQueueBackend>().StatsAsync(CancellationToken.None)).Length;
}
