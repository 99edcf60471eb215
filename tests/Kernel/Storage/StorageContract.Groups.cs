using System.Collections.Concurrent;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>Group commit: neighbours share a commit and nothing else.</summary>
public abstract partial class StorageContract
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Sixty_four_writers_lose_nothing_and_each_sees_its_own_result()
    {
        await WriteAsync("INSERT INTO things (name, size) VALUES ('counter', 0)");

        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            var seen = new List<long>();
            for (var round = 0; round < 25; round++)
            {
                seen.Add(await database.WriteAsync(
                    sql => sql.FirstOrDefaultAsync<long>("UPDATE things SET size = size + 1 WHERE name = 'counter' RETURNING size"),
                    CancellationToken.None));
            }

            return seen;
        })));

        Assert.Equal(Enumerable.Range(1, 64 * 25).Select(number => (long)number), results.SelectMany(seen => seen).Order());
        Assert.All(results, seen => Assert.Equal(seen.Order(), seen));
    }

    [Fact]
    public async Task A_failing_unit_harms_only_itself()
    {
        var runs = new ConcurrentDictionary<int, int>();

        var units = await GroupAsync(20, index => async sql =>
        {
            runs.AddOrUpdate(index, 1, (_, count) => count + 1);
            var id = await AddAsync(sql, $"thing-{index}");
            return index is 7 or 13 ? throw new TestFault(index) : id;
        });

        Assert.Equal([7, 13], await FaultsAsync(units));
        var names = await database.ReadAsync(sql => sql.QueryAsync<string>("SELECT name FROM things"), CancellationToken.None);
        Assert.Equal(
            Enumerable.Range(0, 20).Where(index => index is not (7 or 13)).Select(index => $"thing-{index}").Order(StringComparer.Ordinal),
            names.Order(StringComparer.Ordinal));
        Assert.Equal(2, runs[0]);
    }

    [Fact]
    public async Task A_unit_that_breaks_a_rule_of_the_table_harms_only_itself()
    {
        var units = await GroupAsync(10, index => sql => AddAsync(sql, $"thing-{index / 2}"));

        Assert.Equal(5, (await FaultsAsync(units)).Count);
        Assert.Equal(5, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task A_result_that_was_returned_is_visible_to_every_later_reader()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < 20; round++)
            {
                var id = await AddAsync($"{writer}-{round}");
                Assert.Equal($"{writer}-{round}", await ReadAsync<string>("SELECT name FROM things WHERE id = @Id", new { Id = id }));
            }
        })));
    }

    [Fact]
    public async Task Nobody_sees_a_unit_before_its_commit()
    {
        var (unit, release) = await HoldAsync();

        Assert.Equal(0, await ReadAsync<long>("SELECT COUNT(*) FROM things"));

        release();
        await unit;
        Assert.Equal(1, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task What_waits_for_the_commit_runs_after_it_and_once()
    {
        var seen = new ConcurrentQueue<(int Index, bool IsCommitted)>();

        var units = await GroupAsync(10, index => async sql =>
        {
            var id = await AddAsync(sql, $"thing-{index}");
            sql.AfterCommit(() => seen.Enqueue((index, ExistsOutside(id))));
            return index == 4 ? throw new TestFault(index) : id;
        });

        Assert.Equal([4], await FaultsAsync(units));
        Assert.Equal(Enumerable.Range(0, 10).Where(index => index != 4), seen.Select(entry => entry.Index));
        Assert.All(seen, entry => Assert.True(entry.IsCommitted));
    }

    [Fact]
    public async Task A_unit_cancelled_before_it_began_never_runs()
    {
        using var cancellation = new CancellationTokenSource();
        var (held, release) = await HoldAsync();
        var hasRun = false;
        var unit = database.WriteAsync(
            _ =>
            {
                hasRun = true;
                return Task.FromResult(0);
            },
            cancellation.Token);

        await cancellation.CancelAsync();
        release();
        await held;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => unit.WaitAsync(Hang));
        await AddAsync("after");
        Assert.False(hasRun);
        Assert.Throws<OperationCanceledException>(() => { _ = database.WriteAsync(_ => Task.FromResult(0), cancellation.Token); });
    }

    [Fact]
    public async Task Units_that_wait_together_share_commits()
    {
        var commits = new CommitCounter();
        var counted = engine.Open();
        counted.Join(commits);

        await Task.WhenAll(Enumerable.Range(0, 64).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < 20; round++)
            {
                await counted.WriteAsync(sql => AddAsync(sql, $"{writer}-{round}"), CancellationToken.None);
            }
        })));

        Assert.Equal(64 * 20, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
        Assert.InRange(commits.Count, 1, 64 * 20 / 4);
    }

    [Fact]
    public async Task A_fault_at_the_groups_end_undoes_only_the_unit_that_caused_it()
    {
        database.Join(new Objector());

        var units = await GroupAsync(6, index => sql => AddAsync(sql, index == 3 ? "objectionable" : $"thing-{index}"));

        Assert.Equal([-1], await FaultsAsync(units));
        Assert.Equal(5, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task Closing_finishes_what_waits_and_refuses_what_comes_later()
    {
        var closing = engine.Open();
        using var entered = new SemaphoreSlim(0);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = closing.WriteAsync(
            async sql =>
            {
                entered.Release();
                await gate.Task;
                return await AddAsync(sql, "held");
            },
            CancellationToken.None);
        await entered.WaitAsync(Hang);
        var waiting = Enumerable.Range(0, 5).Select(index => closing.WriteAsync(sql => AddAsync(sql, $"{index}"), CancellationToken.None)).ToList();

        var closed = Task.Run(() => closing.DisposeAsync().AsTask());
        gate.SetResult();
        await closed.WaitAsync(Hang);

        await Task.WhenAll([held, .. waiting]);
        Assert.Equal(6, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
        Assert.Throws<ObjectDisposedException>(() => { _ = closing.WriteAsync(_ => Task.FromResult(0), CancellationToken.None); });
    }

    /// <summary>Lets units wait behind one that is held, so that the writer takes them as one group.</summary>
    private async Task<IReadOnlyList<Task<long>>> GroupAsync(int count, Func<int, Func<SqlSession, Task<long>>> unit)
    {
        using var entered = new SemaphoreSlim(0);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = database.WriteAsync(
            async _ =>
            {
                entered.Release();
                await gate.Task;
                return 0L;
            },
            CancellationToken.None);
        await entered.WaitAsync(Hang);
        var units = Enumerable.Range(0, count).Select(index => database.WriteAsync(unit(index), CancellationToken.None)).ToList();
        gate.SetResult();
        await held;
        return units;
    }

    /// <summary>Starts a unit that has written and waits for its release.</summary>
    private async Task<(Task<long> Unit, Action Release)> HoldAsync()
    {
        using var written = new SemaphoreSlim(0);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var unit = database.WriteAsync(
            async sql =>
            {
                var id = await AddAsync(sql, "held");
                written.Release();
                await gate.Task;
                return id;
            },
            CancellationToken.None);
        await written.WaitAsync(Hang);
        return (unit, gate.SetResult);
    }

    private bool ExistsOutside(long id) =>
        ReadAsync<long>("SELECT COUNT(*) FROM things WHERE id = @Id", new { Id = id }).GetAwaiter().GetResult() == 1;

    /// <summary>The numbers of the units that failed; −1 for faults that are not the test's own.</summary>
    private static async Task<IReadOnlyList<int>> FaultsAsync(IReadOnlyList<Task<long>> units)
    {
        await Task.WhenAll(units).WaitAsync(Hang).ContinueWith(_ => { }, TaskScheduler.Default);
        return [.. units.Where(unit => unit.IsFaulted).Select(unit => unit.Exception?.InnerException is TestFault fault ? fault.Index : -1)];
    }

    /// <summary>A unit fails on purpose.</summary>
    private sealed class TestFault(int index) : Exception($"Unit {index} fails on purpose.")
    {
        public int Index { get; } = index;
    }

    /// <summary>Counts commits.</summary>
    private sealed class CommitCounter : ICommitParticipant
    {
        public int Count { get; private set; }

        public Task BeforeCommitAsync(SqlSession session) => Task.CompletedTask;

        public void Committed() => Count++;
    }

    /// <summary>Refuses every group that holds a certain row.</summary>
    private sealed class Objector : ICommitParticipant
    {
        public async Task BeforeCommitAsync(SqlSession session)
        {
            if (await session.FirstOrDefaultAsync<long>("SELECT COUNT(*) FROM things WHERE name = 'objectionable'") > 0)
            {
                throw new InvalidOperationException("Not this one.");
            }
        }

        public void Committed()
        {
        }
    }
}
