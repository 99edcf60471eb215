using Npgsql;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>When the answer to a commit is lost, the journal's end tells whether it was kept.</summary>
public sealed class LostCommitTests
{
    [Fact]
    public async Task What_was_kept_is_answered_and_not_run_again()
    {
        await using var host = await LossyHost.StartAsync();
        var cut = host.Relay.CutAtCommit(answer: true, Task.CompletedTask);

        Assert.Equal("kept, run 1", await host.AppendAsync("kept"));

        Assert.True(cut.IsCompleted);
        Assert.Equal(["after kept", "heard kept"], host.Told.Order());
        Assert.Equal("next, run 2", await host.AppendAsync("next"));
        await host.AssertEventsAsync("kept", "next");
    }

    [Fact]
    public async Task What_was_not_kept_is_run_again()
    {
        await using var host = await LossyHost.StartAsync();
        var cut = host.Relay.CutAtCommit(answer: false, Task.CompletedTask);

        Assert.Equal("lost, run 2", await host.AppendAsync("lost"));

        Assert.True(cut.IsCompleted);
        Assert.Equal(["after lost", "heard lost"], host.Told.Order());
        await host.AssertEventsAsync("lost");
        Assert.Equal("next, run 3", await host.AppendAsync("next"));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task What_another_host_has_appended_meanwhile_is_not_taken_for_it(bool isKept, int run)
    {
        await using var host = await LossyHost.StartAsync();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cut = host.Relay.CutAtCommit(isKept, released.Task);
        var lost = host.AppendAsync("lost");
        await cut;
        await host.AppendElsewhereAsync("another's");
        released.SetResult();

        Assert.Equal($"lost, run {run}", await lost);

        Assert.Equal(["after lost", "heard lost"], host.Told.Order());
        await host.AppendAsync("next");
        string[] expected = isKept ? ["lost", "another's", "next"] : ["another's", "lost", "next"];
        await host.AssertEventsAsync(expected);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_it_cannot_be_told_the_caller_is_to_look(bool isKept)
    {
        await using var host = await LossyHost.StartAsync("lock_timeout=1s");
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cut = host.Relay.CutAtCommit(isKept, released.Task);
        var lost = host.AppendAsync("lost");
        await cut;
        await host.HoldTurnAsync(async () =>
        {
            released.SetResult();
            var fault = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => lost);
            Assert.Contains("look whether this was stored", fault.Message, StringComparison.Ordinal);
        });

        Assert.Empty(host.Told);
        Assert.Equal("next, run 2", await host.AppendAsync("next"));
        string[] expected = isKept ? ["lost", "next"] : ["next"];
        await host.AssertEventsAsync(expected);
    }

    [Theory]
    [InlineData(true, typeof(DatabaseUnavailableException))]
    [InlineData(false, typeof(InvalidDataException))]
    public async Task A_second_run_that_fails_says_so_unless_the_first_may_still_come(bool believes, Type told)
    {
        await using var host = await LossyHost.StartAsync();
        await host.AppendAsync("known");
        var cut = host.Relay.CutAtCommit(answer: false, Task.CompletedTask);

        await Assert.ThrowsAsync(told, () => host.AppendAtFirstAsync("lost", believes));

        Assert.True(cut.IsCompleted);
        await host.AppendAsync("next");
        await host.AssertEventsAsync("known", "next");
    }

    [Fact]
    public async Task A_unit_whose_caller_has_gone_meanwhile_is_not_run_again()
    {
        await using var host = await LossyHost.StartAsync();
        using var gone = new CancellationTokenSource();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cut = host.Relay.CutAtCommit(answer: false, released.Task);
        var lost = host.AppendAsync("lost", gone.Token);
        await cut;
        await gone.CancelAsync();
        released.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lost);

        Assert.Equal("next, run 2", await host.AppendAsync("next"));
        await host.AssertEventsAsync("next");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_units_of_one_group_are_answered_each(bool isKept)
    {
        await using var host = await LossyHost.StartAsync();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = host.HoldUpAsync(entered, released.Task);
        await entered.Task;
        var units = Enumerable.Range(0, 3).Select(number => host.AppendAsync($"{number}")).ToList();
        var cut = host.Relay.CutAtCommit(isKept, Task.CompletedTask, skip: 1);
        released.SetResult();
        await first;

        string[] expected = isKept ? ["0, run 1", "1, run 2", "2, run 3"] : ["0, run 4", "1, run 5", "2, run 6"];
        Assert.Equal(expected, await Task.WhenAll(units));
        Assert.True(cut.IsCompleted);
        await host.AssertEventsAsync("0", "1", "2");
    }

    /// <summary>Writes through a relay that cuts its connections, to a database that another writes to as well.</summary>
    private sealed class LossyHost : IAsyncDisposable
    {
        private readonly PostgresEngine engine = new();
        private readonly Database another;
        private readonly EventJournal journal;
        private readonly Database lossy;
        private int runs;

        private LossyHost(string option)
        {
            another = engine.Open();
            journal = Journal(another);
            Relay = new PostgresRelay(engine.ConnectionString);
            lossy = new Database(NpgsqlDataSource.Create($"{Relay.ConnectionString};Options=-c {option}"), SqlDialect.Postgres);
            Journal(lossy).Hear(events => Told.AddRange(events.Select(link => "heard " + link.Payload.TextMember("name"))));
        }

        public PostgresRelay Relay { get; }

        /// <summary>What was told of commits here.</summary>
        public List<string> Told { get; } = [];

        /// <param name="option">A setting of its connections, with its value.</param>
        public static async Task<LossyHost> StartAsync(string option = "lock_timeout=30s")
        {
            var host = new LossyHost(option);
            await Migrations.RunAsync(host.another, [typeof(Database).Assembly], CancellationToken.None);
            await host.AppendAsync("before");
            host.Told.Clear();
            host.runs = 0;
            return host;
        }

        /// <summary>Appends an event.</summary>
        /// <returns>Its name, and how many units have run.</returns>
        public Task<string> AppendAsync(string name, CancellationToken cancellationToken = default) => lossy.WriteAsync(
            sql =>
            {
                sql.Append(Event(name));
                sql.AfterCommit(() => Told.Add("after " + name));
                return Task.FromResult($"{name}, run {++runs}");
            },
            cancellationToken);

        /// <summary>Appends an event in a unit that fails when it runs again.</summary>
        /// <param name="believes">True to do so over one way.</param>
        public Task<bool> AppendAtFirstAsync(string name, bool believes)
        {
            var runsOfIt = 0;
            return lossy.WriteAsync(
                sql =>
                {
                    if (++runsOfIt > 1)
                    {
                        throw new InvalidDataException("Once is enough.");
                    }

                    if (believes)
                    {
                        Assert.True(sql.MayBelieve);
                        sql.Believe("1 = 1", new { });
                    }

                    sql.Append(Event(name));
                    return Task.FromResult(true);
                },
                CancellationToken.None);
        }

        /// <summary>Has what comes meanwhile wait for one group.</summary>
        public Task<bool> HoldUpAsync(TaskCompletionSource entered, Task until) => lossy.WriteAsync(
            async _ =>
            {
                entered.SetResult();
                await until;
                return true;
            },
            CancellationToken.None);

        /// <summary>Appends an event over a connection that is not cut.</summary>
        public Task<bool> AppendElsewhereAsync(string name) => another.WriteAsync(
            sql =>
            {
                sql.Append(Event(name));
                return Task.FromResult(true);
            },
            CancellationToken.None);

        /// <summary>Lets nobody else write meanwhile.</summary>
        public Task<bool> HoldTurnAsync(Func<Task> meanwhile) => another.WriteAsync(
            async sql =>
            {
                await sql.TurnAsync();
                await meanwhile();
                return true;
            },
            CancellationToken.None);

        public async Task AssertEventsAsync(params string[] names)
        {
            var events = await journal.ListAfterAsync(0, 10, CancellationToken.None);
            Assert.Equal(["before", .. names], events.Select(link => link.Payload.TextMember("name")));
            var verdict = await journal.VerifyAsync(CancellationToken.None);
            Assert.True(verdict.Valid, verdict.Reason);
        }

        public async ValueTask DisposeAsync()
        {
            await lossy.DisposeAsync();
            await Relay.DisposeAsync();
            await engine.DisposeAsync();
        }

        private static EventJournal Journal(Database database) => new(database, new Ids(TimeProvider.System), TimeProvider.System, [new JournalTree()]);

        private static EventDraft Event(string name) => new("test.happened", new EventPayload().Add("name", name));
    }
}
