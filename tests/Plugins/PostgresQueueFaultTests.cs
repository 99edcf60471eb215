using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Refinery.Contract;
using Refinery.PostgresQueue;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Plugins;

/// <summary>Whatever happens to the server or the way to it is an <see cref="IOException"/> while it lasts, and heals by itself.</summary>
public sealed class PostgresQueueFaultTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly QueueDatabase database = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task A_caller_who_waits_outlives_cut_connections()
    {
        var (here, there) = (await database.OpenAsync(Long), await database.OpenAsync(Long));
        var waiting = Enumerable.Range(0, 3).Select(_ => there.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None)).ToList();
        for (var round = 0; round < 3; round++)
        {
            await database.ListenedAsync(hosts: 1);
            Assert.True(await database.CutAsync() > 0);
            await here.EnqueueAsync([QueueFolder.Item($"round-{round}")], CancellationToken.None);

            var woken = await Task.WhenAny(waiting).WaitAsync(Long);
            Assert.Equal($"round-{round}", Assert.Single(await woken).StepId);
            waiting.Remove(woken);
        }
    }

    [Fact]
    public async Task Every_verb_works_at_once_after_all_connections_were_cut()
    {
        var queue = await database.OpenAsync(Long);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => queue.StatsAsync(CancellationToken.None)));
        await queue.EnqueueAsync(QueueFolder.Items(3), CancellationToken.None);

        await database.CutAsync();
        Assert.Equal(3, (await queue.StatsAsync(CancellationToken.None)).Length);
        await database.CutAsync();
        Assert.Equal(3, (await queue.ListAsync(9, CancellationToken.None)).Count);
        await database.CutAsync();
        Assert.Single(await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None));
        await database.CutAsync();
        await queue.EnqueueAsync([QueueFolder.Item("more")], CancellationToken.None);
        await database.CutAsync();
        Assert.Equal(3, await queue.ClearAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Connections_that_are_cut_while_callers_take_cost_no_item()
    {
        var queue = await database.OpenAsync(Long);
        await queue.EnqueueAsync(QueueFolder.Items(1500), CancellationToken.None);
        ConcurrentDictionary<string, int> taken = new(StringComparer.Ordinal);
        var cutting = CutWhileTakenAsync(taken, total: 1500);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (taken.Count < 1500)
            {
                foreach (var item in await TakeAsync(queue))
                {
                    taken.AddOrUpdate(item.StepId, 1, (_, times) => times + 1);
                }
            }
        }))).WaitAsync(Long);

        Assert.True(await cutting > 0);
        Assert.Empty(await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task A_server_that_is_stopped_and_started_is_found_again()
    {
        using var server = PostgresServer.StartOwn();
        await using var own = new QueueDatabase(server);
        var queue = await own.OpenAsync();
        await queue.EnqueueAsync(QueueFolder.Items(3), CancellationToken.None);
        for (var round = 0; round < 2; round++)
        {
            server.Stop();
            await AssertAwayAsync(queue);
            var fault = await Assert.ThrowsAsync<IOException>(() => queue.StatsAsync(CancellationToken.None));
            Assert.NotNull(fault.InnerException);
            server.Start();

            await Wait.UntilAsync(() => AnswersAsync(queue));
            Assert.Equal(3 - round, (await queue.StatsAsync(CancellationToken.None)).Length);
            Assert.Equal($"step-{round}", Assert.Single(await queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None)).StepId);
        }

        var waiting = queue.PopAsync(5, TimeSpan.FromHours(1), CancellationToken.None);
        Assert.Equal("step-2", Assert.Single(await waiting.WaitAsync(Long)).StepId);
        Assert.Empty(own.Log.Warnings);
    }

    [Fact]
    public async Task A_server_that_is_away_at_the_start_is_one_warning_and_is_found_when_it_comes()
    {
        using var server = PostgresServer.StartOwn();
        await using var own = new QueueDatabase(server);
        server.Stop();
        var queue = await own.OpenAsync();
        await AssertAwayAsync(queue);
        server.Start();

        await Wait.UntilAsync(() => AnswersAsync(queue));
        await queue.EnqueueAsync(QueueFolder.Items(2), CancellationToken.None);
        Assert.Equal(2, (await queue.PopAsync(9, TimeSpan.Zero, CancellationToken.None)).Count);
        Assert.StartsWith("The Postgres of the queue cannot be reached;", Assert.Single(own.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_keeps_no_caller()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var queue = await database.OpenAsync(dsn: $"postgres://ada@127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/books");

        await AssertAwayAsync(queue);
        await AssertAwayAsync(queue);
        Assert.Single(database.Log.Warnings);
    }

    [Fact]
    public async Task A_table_that_somebody_holds_keeps_no_caller_and_piles_up_nothing_on_the_server()
    {
        var queue = await database.OpenAsync();
        await queue.EnqueueAsync(QueueFolder.Items(3), CancellationToken.None);
        await using (var holder = await database.ConnectAsync())
        {
            await using var transaction = await holder.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("LOCK TABLE refinery_queue IN ACCESS EXCLUSIVE MODE", holder);
            await command.ExecuteNonQueryAsync();

            await AssertAwayAsync(queue);
            await Wait.UntilAsync(async () => await database.AskAsync<long>("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") == 0);
        }

        await Wait.UntilAsync(() => AnswersAsync(queue));
        List<QueueItem> left = [];
        await Wait.UntilAsync(async () =>
        {
            left.AddRange(await TakeAsync(queue));
            return left.Select(item => item.StepId).Distinct(StringComparer.Ordinal).Count() >= 3;
        });
    }

    [Fact]
    public async Task A_table_that_somebody_drops_is_made_again()
    {
        var queue = await database.OpenAsync(Long);
        await queue.EnqueueAsync(QueueFolder.Items(3), CancellationToken.None);
        await database.RunAsync("DROP TABLE refinery_queue");

        Assert.Empty(await queue.PopAsync(9, TimeSpan.Zero, CancellationToken.None));
        await queue.EnqueueAsync(QueueFolder.Items(2), CancellationToken.None);
        Assert.Equal(2, (await queue.PopAsync(9, TimeSpan.Zero, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Nobody_is_kept_behind_a_question_that_hangs()
    {
        await using var source = NpgsqlDataSource.Create(database.Dsn);
        await using var server = new QueueServer(source, new QueueTexts("refinery_queue"), TimeSpan.FromSeconds(1), TimeProvider.System);
        var gate = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Assert.ThrowsAsync<IOException>(() => server.AskAsync(_ => gate.Task));

        Assert.Equal(
            "The Postgres of the queue has not answered the question before.",
            (await Assert.ThrowsAsync<IOException>(() => server.AskAsync(_ => Task.FromResult(1)))).Message);
        gate.SetResult(0);
        await Wait.UntilAsync(async () => await RefusedAsync(() => server.AskAsync(_ => Task.FromResult(1))) is null);
    }

    [Fact]
    public async Task An_answer_that_comes_after_its_asker_has_left_is_not_thrown_away()
    {
        await using var source = NpgsqlDataSource.Create(database.Dsn);
        await using var server = new QueueServer(source, new QueueTexts("refinery_queue"), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var unheard = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);

        await Assert.ThrowsAsync<IOException>(() => server.AskAsync(
            async _ =>
            {
                await gate.Task;
                return 7;
            },
            late: answer =>
            {
                unheard.SetResult(answer);
                return Task.CompletedTask;
            }));
        gate.SetResult();

        Assert.Equal(7, await unheard.Task.WaitAsync(Long));
    }

    private static async Task AssertAwayAsync(IQueueBackend queue)
    {
        await Assert.ThrowsAsync<IOException>(() => queue.EnqueueAsync(QueueFolder.Items(1), CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.PopAsync(1, TimeSpan.Zero, CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.PopAsync(1, TimeSpan.FromHours(1), CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.ListAsync(1, CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.StatsAsync(CancellationToken.None).WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => queue.ClearAsync(CancellationToken.None).WaitAsync(Long));
    }

    private static async Task<bool> AnswersAsync(IQueueBackend queue) => await RefusedAsync(() => queue.StatsAsync(CancellationToken.None)) is null;

    private static async Task<IOException?> RefusedAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            return null;
        }
        catch (IOException fault)
        {
            return fault;
        }
    }

    private static async Task<IReadOnlyList<QueueItem>> TakeAsync(IQueueBackend queue)
    {
        try
        {
            return await queue.PopAsync(2, TimeSpan.FromMilliseconds(1), CancellationToken.None);
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Cuts again whenever some more were taken.</summary>
    private async Task<long> CutWhileTakenAsync(ConcurrentDictionary<string, int> taken, int total)
    {
        var cuts = 0L;
        for (var next = 20; next < total; next = taken.Count + 20)
        {
            await Wait.UntilAsync(() => Task.FromResult(taken.Count >= Math.Min(next, total)));
            cuts += await database.CutAsync();
        }

        return cuts;
    }
}
