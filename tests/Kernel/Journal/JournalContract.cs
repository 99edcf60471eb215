using System.Text;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>What the journal promises on every engine. An engine is tested by inheriting this.</summary>
public abstract partial class JournalContract : IAsyncLifetime
{
    private readonly NameProjection projection = new();
    private ITestEngine engine = null!;
    private Database database = null!;
    private EventJournal journal = null!;

    public async Task InitializeAsync()
    {
        engine = NewEngine();
        database = engine.Open();
        journal = new EventJournal(database, new Ids(TimeProvider.System), TimeProvider.System, [projection]);
        await Migrations.RunAsync(database, [typeof(Database).Assembly], CancellationToken.None);
        await database.WriteAsync(
            sql => sql.ExecuteAsync("CREATE TABLE names (name TEXT PRIMARY KEY, count BIGINT NOT NULL, last_sequence BIGINT NOT NULL)"),
            CancellationToken.None);
    }

    public Task DisposeAsync() => engine.DisposeAsync().AsTask();

    [Fact]
    public async Task Events_of_many_groups_form_one_chain_without_gaps()
    {
        await AppendManyAsync(writers: 32, rounds: 15, events: 3);

        var verdict = await journal.VerifyAsync(CancellationToken.None);

        Assert.Equal(new JournalVerdict(Valid: true, 32 * 15 * 3, verdict.HeadHash, FirstBadSequence: null, Reason: null), verdict);
        Assert.Equal((await journal.HeadAsync(CancellationToken.None)).Hash, verdict.HeadHash);
        var links = await AllAsync();
        Assert.Equal(Enumerable.Range(1, links.Count).Select(sequence => (long)sequence), links.Select(link => link.Sequence));
        Assert.Null(links[0].PrevHash);
        Assert.All(links.Zip(links.Skip(1)), pair => Assert.Equal(pair.First.Hash, pair.Second.PrevHash));
        Assert.Equal(links.Count, links.Select(link => link.EventId).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_rebuild_that_is_cancelled_leaves_its_tables_as_they_were()
    {
        await AppendManyAsync(writers: 4, rounds: 30, events: 5);
        using var stop = new CancellationTokenSource();
        projection.Stop = stop;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => journal.RebuildAsync(stop.Token));

        projection.Stop = null;
        Assert.Equal(4 * 30 * 5, await database.ReadAsync(sql => sql.FirstOrDefaultAsync<long>("SELECT CAST(SUM(count) AS BIGINT) FROM names"), CancellationToken.None));
    }

    [Fact]
    public async Task Events_of_one_unit_stay_together_and_in_order()
    {
        await AppendManyAsync(writers: 16, rounds: 10, events: 4);

        var links = await AllAsync();

        foreach (var unit in links.GroupBy(link => link.Payload.ToElement().GetProperty("unit").GetString(), StringComparer.Ordinal))
        {
            Assert.Equal([0, 1, 2, 3], unit.Select(link => link.Payload.ToElement().GetProperty("place").GetInt32()));
            Assert.Equal(3, unit.Max(link => link.Sequence) - unit.Min(link => link.Sequence));
        }
    }

    [Fact]
    public async Task A_unit_that_fails_leaves_no_event()
    {
        var failing = database.WriteAsync<int>(
            sql =>
            {
                sql.Append(Draft("lost"));
                throw new InvalidOperationException("On purpose.");
            },
            CancellationToken.None);
        var others = Enumerable.Range(0, 10).Select(index => AppendAsync($"kept-{index}"));

        await Task.WhenAll(others);
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);

        Assert.All(await AllAsync(), link => Assert.StartsWith("kept-", link.Payload.ToElement().GetProperty("name").GetString(), StringComparison.Ordinal));
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);
    }

    [Fact]
    public async Task An_event_id_that_is_taken_harms_only_its_own_unit()
    {
        var units = Enumerable.Range(0, 10).Select(index => AppendAsync($"n{index}", eventId: $"evt-{index / 2}")).ToList();

        await Task.WhenAll(units).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(5, units.Count(unit => unit.IsFaulted));
        Assert.Equal(["evt-0", "evt-1", "evt-2", "evt-3", "evt-4"], (await AllAsync()).Select(link => link.EventId).Order(StringComparer.Ordinal));
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);
    }

    [Fact]
    public async Task An_event_comes_back_as_it_was_appended()
    {
        var instant = new DateTimeOffset(2026, 1, 24, 12, 0, 0, TimeSpan.FromHours(2)).AddMicroseconds(250_000);
        await database.WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("x.y", new EventPayload().Add("b", "é").Add("a", 1L))
                {
                    EventId = "e1", ActorId = "me", Target = "t", Timestamp = instant,
                });
                return Task.FromResult(0);
            },
            CancellationToken.None);

        var link = Assert.Single(await AllAsync());

        Assert.Equal(("e1", "x.y", "me", "t"), (link.EventId, link.EventType, link.ActorId, link.Target));
        Assert.Equal(instant, link.Timestamp);
        Assert.Equal("""{"a":1,"b":"\u00e9"}""", link.Payload.ToElement().GetRawText());
        Assert.Equal(
            """{"actor_id":"me","event_id":"e1","event_type":"x.y","payload":{"a":1,"b":"\u00e9"},"prev_hash":null,"timestamp":"2026-01-24T10:00:00.250000+00:00"}""",
            Encoding.ASCII.GetString(link.Canonical.Span));
    }

    [Fact]
    public async Task Followers_see_every_event_once_while_others_append()
    {
        await AppendManyAsync(writers: 4, rounds: 5, events: 2);
        const int total = (4 * 5 * 2) + (24 * 20 * 2);
        var followers = new[] { 0L, 7L, 40L }.Select(after => Task.Run(() => FollowAsync(after, total))).ToList();

        await AppendManyAsync(writers: 24, rounds: 20, events: 2);

        foreach (var (seen, after) in (await Task.WhenAll(followers)).Zip([0, 7, 40]))
        {
            Assert.Equal(Enumerable.Range(after + 1, total - after).Select(sequence => (long)sequence), seen);
        }
    }

    [Fact]
    public async Task Who_listens_to_commits_hears_every_event_in_order()
    {
        var heard = new List<long>();
        journal.Hear(links => heard.AddRange(links.Select(link => link.Sequence)));

        await AppendManyAsync(writers: 16, rounds: 10, events: 2);

        Assert.Equal(Enumerable.Range(1, 16 * 10 * 2).Select(sequence => (long)sequence), heard);
    }

    [Fact]
    public async Task A_rebuild_gives_the_tables_that_the_commits_gave()
    {
        await AppendManyAsync(writers: 16, rounds: 40, events: 2);
        var before = await NamesAsync();
        await database.WriteAsync(sql => sql.ExecuteAsync("DELETE FROM names WHERE count > 3"), CancellationToken.None);

        var replayed = await journal.RebuildAsync(CancellationToken.None);

        Assert.Equal(16 * 40 * 2, replayed);
        Assert.Equal(before, await NamesAsync());
    }

    [Fact]
    public async Task A_rebuild_that_fails_changes_nothing_and_the_journal_goes_on()
    {
        await AppendManyAsync(writers: 4, rounds: 5, events: 1);
        var before = await NamesAsync();
        projection.Refuses = true;

        await Assert.ThrowsAsync<InvalidOperationException>(() => journal.RebuildAsync(CancellationToken.None));

        projection.Refuses = false;
        Assert.Equal(before, await NamesAsync());
        await AppendAsync("after");
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);
    }

    private protected abstract ITestEngine NewEngine();

    private Task AppendManyAsync(int writers, int rounds, int events) => Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
    {
        for (var round = 0; round < rounds; round++)
        {
            var unit = $"{writer}-{round}-{Guid.NewGuid():N}";
            await database.WriteAsync(
                sql =>
                {
                    for (var place = 0; place < events; place++)
                    {
                        sql.Append(new EventDraft("named", new EventPayload().Add("name", $"n{writer % 5}").Add("unit", unit).Add("place", place)));
                    }

                    return Task.FromResult(0);
                },
                CancellationToken.None);
        }
    })));

    private Task<int> AppendAsync(string name, string? eventId = null) => database.WriteAsync(
        sql =>
        {
            sql.Append(Draft(name) with { EventId = eventId });
            return Task.FromResult(0);
        },
        CancellationToken.None);

    private static EventDraft Draft(string name) => new("named", new EventPayload().Add("name", name));

    private async Task<List<JournalEvent>> AllAsync()
    {
        var links = new List<JournalEvent>();
        while (await journal.ListAfterAsync(links.Count, 100, CancellationToken.None) is { Count: > 0 } page)
        {
            links.AddRange(page);
        }

        return links;
    }

    private async Task<List<long>> FollowAsync(long after, long last)
    {
        using var hang = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var seen = new List<long>();
        await foreach (var link in journal.FollowAsync(after, hang.Token))
        {
            seen.Add(link.Sequence);
            if (link.Sequence == last)
            {
                break;
            }
        }

        return seen;
    }

    private Task<IReadOnlyList<string>> NamesAsync() => database.ReadAsync(
        sql => sql.QueryAsync<string>("SELECT name || ':' || count || ':' || last_sequence FROM names ORDER BY name"), CancellationToken.None);

    /// <summary>Counts events by name.</summary>
    private sealed class NameProjection : IProjection
    {
        public string Name => "names";

        public bool Refuses { get; set; }

        /// <summary>Fired whenever a page was applied.</summary>
        public CancellationTokenSource? Stop { get; set; }

        public Task ResetAsync(SqlSession sql) => sql.ExecuteAsync("DELETE FROM names");

        public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
        {
            foreach (var link in events.Where(link => link.EventType == "named"))
            {
                await sql.ExecuteAsync(
                    """
                    INSERT INTO names (name, count, last_sequence) VALUES (@Name, 1, @Sequence)
                    ON CONFLICT (name) DO UPDATE SET count = names.count + 1, last_sequence = excluded.last_sequence
                    """,
                    new { Name = link.Payload.ToElement().GetProperty("name").GetString(), link.Sequence });
            }

            Stop?.Cancel();
            if (Refuses)
            {
                throw new InvalidOperationException("On purpose.");
            }
        }
    }
}
