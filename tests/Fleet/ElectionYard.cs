using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Refinery.Fleet;
using Refinery.Kernel.Storage;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>Pods that would lead, over one database and one clock that the test holds.</summary>
internal sealed class ElectionYard : IAsyncDisposable
{
    public static readonly TimeSpan Round = TimeSpan.FromSeconds(4) / 3;

    private readonly ITestEngine engine = RefineryHost.OnPostgres ? new PostgresEngine() : new SqliteEngine();
    private readonly TemporaryFolder folder = new();
    private readonly FleetOptions options = new();

    private ElectionYard() => Database = engine.Open();

    public Database Database { get; }

    public ManualClock Clock { get; } = new();

    public static async Task<ElectionYard> OpenAsync()
    {
        var yard = new ElectionYard();
        await Migrations.RunAsync(yard.Database, [typeof(Database).Assembly, typeof(FleetModule).Assembly], CancellationToken.None);
        return yard;
    }

    /// <summary>A pod that has beaten once and is the youngest.</summary>
    public async Task<Candidate> JoinAsync()
    {
        var identity = new PodIdentity(new Folder(folder.Path));
        var candidate = new Candidate(identity.PodId, new Election(Database, identity, Options.Create(options), Clock, NullLogger<Election>.Instance));
        await BeatAsync(candidate);
        return candidate;
    }

    public Task BeatAsync(Candidate candidate)
    {
        var pod = new PodRow
        {
            PodId = candidate.PodId, HostId = candidate.PodId, Kinds = "[]", Capacity = 1, Running = 0, Version = "1", State = PodState.Live, BeatAt = Clock.GetUtcNow(),
        };
        return Database.WriteAsync(sql => PodStore.BeatAsync(sql, pod), CancellationToken.None);
    }

    /// <summary>Lets these pods live for a time: they beat and check as hosts do.</summary>
    /// <returns>The leads that anybody of them had after each round.</returns>
    public async Task<IReadOnlyList<Lead>> LiveAsync(TimeSpan time, params Candidate[] candidates)
    {
        var leads = new List<Lead>();
        for (var lived = TimeSpan.Zero; lived < time; lived += Round)
        {
            Clock.Advance(Round);
            foreach (var candidate in candidates)
            {
                await BeatAsync(candidate);
                await candidate.Election.CheckAsync(CancellationToken.None);
            }

            var now = candidates.Select(candidate => candidate.Election.Lead).OfType<Lead>().ToList();
            Assert.True(now.Count <= 1, $"Two lead at once: {string.Join(", ", now)}");
            leads.AddRange(now);
        }

        return leads;
    }

    public Task<bool> HoldsAsync(Lead lead) => Database.WriteAsync(sql => LeaderStore.HoldAsync(sql, lead), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await engine.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>A data directory in name only.</summary>
    private sealed record Folder(string Path) : IDataDirectory;
}

/// <summary>A pod that would lead.</summary>
internal sealed record Candidate(string PodId, Election Election);
