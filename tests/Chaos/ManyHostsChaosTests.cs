using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Refinery.Kernel.Journal;
using Refinery.Tests.History;
using Refinery.Tests.KafkaQueue;
using Refinery.Tests.Kernel.Storage;
using Refinery.Tests.Plugins;
using Xunit.Abstractions;

namespace Refinery.Tests.Chaos;

/// <summary>Three hosts and two pods or workers at work while something is taken from them: each accepted step ends once, work goes on, and the books hold.</summary>
public sealed class ManyHostsChaosTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>How often each thing is done to one farm.</summary>
    private static readonly int Times = Chance.IsLong ? 20 : 1;

    /// <summary>Within which the pods are at work as before; a machine that runs everything else at once is given longer.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(Chance.IsLong ? 15 : 60);

    private readonly PostgresServer server = PostgresServer.StartOwn();

    public void Dispose() => server.Dispose();

    [Fact]
    public Task Postgres_stops_and_starts() => RunAsync(OnPostgres, _ =>
    {
        server.Stop();
        server.Start();
        return Task.CompletedTask;
    });

    [Fact]
    public Task The_server_ends_its_sessions() => RunAsync(OnPostgres, async load =>
    {
        for (var cut = 0; cut < 10; cut++)
        {
            server.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres' AND pid <> pg_backend_pid()");
            await load.GoesOnAsync(1);
        }
    });

    [Fact]
    public Task Others_hold_every_connection() => RunAsync(OnPostgres, async _ =>
    {
        await using var others = NpgsqlDataSource.Create(server.ConnectionString("template1") + ";Maximum Pool Size=250;Timeout=2");
        var held = new List<NpgsqlConnection>();
        try
        {
            server.Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres' AND pid <> pg_backend_pid()");
            while (true)
            {
                held.Add(await others.OpenConnectionAsync());
            }
        }
        catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            Assert.NotEmpty(held);
        }
        finally
        {
            foreach (var connection in held)
            {
                await connection.DisposeAsync();
            }
        }
    });

    [Fact]
    public async Task A_host_is_killed()
    {
        var chance = new Random(Chance.Seed(output));
        await RunAsync(OnPostgres, async (farm, load) =>
        {
            var number = chance.Next(3);
            await farm.KillAsync(number);
            await load.GoesOnAsync();
            await farm.StartAsync(number);
        });
    }

    [Fact]
    public Task All_hosts_are_killed_one_after_the_other() => RunAsync(OnPostgres, async (farm, load) =>
    {
        for (var number = 0; number < 3; number++)
        {
            await farm.KillAsync(number);
            await farm.StartAsync(number);
        }
    });

    [Fact]
    public Task A_host_leaves_and_joins_and_the_callers_of_the_others_see_no_error() => RunAsync(OnPostgres, async (farm, load) =>
    {
        farm.ForgiveOnly(2);
        Assert.Equal(0, await farm.LeaveAsync(2));
        await load.GoesOnAsync();
        await farm.StartAsync(2);
        await load.GoesOnAsync();
    });

    [Fact]
    public async Task Workers_and_the_hosts_they_call_are_killed()
    {
        const string Token = "farm-token";
        var chance = new Random(Chance.Seed(output));
        using var folder = new TemporaryFolder();
        var effects = new EffectPlugin(folder);
        (string Name, string Value)[] settings = [.. OnPostgres, ("WORKER_TOKEN", Token)];
        await using var farm = await HostFarm.StartAsync(settings);
        HostRun[] workers = [Start(0), Start(1)];
        try
        {
            await HarmAsync(settings, new FarmLoad(farm, effects), async load =>
            {
                var number = chance.Next(2);
                workers[number].Kill();
                await workers[number].DisposeAsync();
                await load.GoesOnAsync();
                await farm.KillAsync(1 - number);
                workers[number] = Start(number);
                await load.GoesOnAsync();
                await farm.StartAsync(1 - number);
            });
        }
        finally
        {
            await Task.WhenAll(workers.Select(worker => worker.DisposeAsync().AsTask()));
        }

        HostRun Start(int number) => HostRun.Start(
            folder,
            ["worker", "--server", farm.PlaceOf(number).ToString(), "--token", Token, "--kinds", EffectPlugin.StepType, "--concurrency", "8"],
            ("DATA_DIR", folder.File($"worker-{number}")), ("PLUGINS_DIR", effects.Plugins), ("HINT_CATALOGUE", "0"), ("FLEET_Q_HEARTBEAT_SEC", "1"));
    }

    [Fact]
    public async Task Redis_is_wiped_and_ends()
    {
        using var redis = new RedisServer();
        await RunAsync([OnServer, ("QUEUE_BACKEND", "redis"), ("REDIS_URL", redis.Url)], async load =>
        {
            redis.Ask("FLUSHALL");
            await load.GoesOnAsync();
            redis.Kill();
            await load.GoesOnAsync();
            redis.Start();
        });
    }

    [Fact]
    public async Task The_brokers_go_away_and_come_back()
    {
        var yard = new KafkaYard();
        try
        {
            var kafka = yard.NewMockSettings().Select(setting => (setting.Key, setting.Value!));
            await RunAsync([OnServer, ("QUEUE_BACKEND", "kafka"), ("FeatureManagement__Kafka", "true"), .. kafka], async load =>
            {
                yard.Mock.GoAway();
                await load.GoesOnAsync();
                yard.Mock.ComeBack();
            });
        }
        finally
        {
            await yard.DisposeAsync();
        }
    }

    private (string Name, string Value) OnServer => ("POSTGRES_DSN", server.ConnectionString("postgres"));

    private (string Name, string Value)[] OnPostgres => [OnServer, ("QUEUE_BACKEND", "postgres")];

    private Task RunAsync((string Name, string Value)[] settings, Func<FarmLoad, Task> harm) => RunAsync(settings, (_, load) => harm(load));

    private async Task RunAsync((string Name, string Value)[] settings, Func<HostFarm, FarmLoad, Task> harm)
    {
        await using var farm = await HostFarm.StartAsync(settings);
        await HarmAsync(settings, new FarmLoad(farm), load => harm(farm, load));
    }

    /// <summary>Does harm to a farm at work, again and again, and looks at what is left.</summary>
    private async Task HarmAsync((string Name, string Value)[] settings, FarmLoad underHarm, Func<FarmLoad, Task> harm)
    {
        await using var load = underHarm;
        await load.GoesOnAsync();
        var pace = await load.PaceAsync();
        var slowest = TimeSpan.Zero;
        for (var time = 0; time < Times; time++)
        {
            await harm(load);
            var began = TimeProvider.System.GetTimestamp();
            await load.KeepsUpAsync(0.95 * pace, TimeSpan.FromSeconds(1));
            var took = TimeProvider.System.GetElapsedTime(began);
            slowest = took > slowest ? took : slowest;
        }

        await load.FinishAsync();
        output.WriteLine($"{Times} times; 95 % of {pace:N0} steps/s again after {slowest.TotalSeconds:N1} s at most, the second of measuring with it; {load.Accepted.Count} steps.");
        Assert.InRange(slowest, TimeSpan.Zero, Recovery);
        await AssertWholeAsync(settings, load.Accepted);
    }

    /// <summary>A fourth host finds each step ended by one attempt that succeeded, a chain that holds, and projections that a replay makes the same.</summary>
    private static async Task AssertWholeAsync((string Name, string Value)[] settings, IReadOnlyCollection<string> accepted)
    {
        await using var host = await RefineryHost.StartAsync([.. settings.Select(setting => (setting.Name.Replace("__", ":", StringComparison.Ordinal), setting.Value)), ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0")]);
        var journal = host.Services.GetRequiredService<EventJournal>();
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);
        var ends = new List<string>();
        for (var at = 0L; await journal.ListAfterAsync(at, 1000, CancellationToken.None) is { Count: > 0 } page; at = page[^1].Sequence)
        {
            ends.AddRange(page.Where(link => link.EventType == "attempt.succeeded").Select(link => link.Payload.ToElement().GetProperty("task_id").GetString()!));
        }

        Assert.Equal(accepted.Order(StringComparer.Ordinal), ends.Order(StringComparer.Ordinal));
        var tables = await ProjectionTables.ListAsync(host, _ => true);
        var before = await ProjectionTables.DumpAsync(host, tables);
        await journal.RebuildAsync(CancellationToken.None);
        Assert.Equal(before, await ProjectionTables.DumpAsync(host, tables));
    }
}
