using System.Collections.Concurrent;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>What one fault must not do to others, and what a caller need not wait for.</summary>
public abstract partial class StorageContract
{
    [Fact]
    public async Task What_is_committed_is_told_to_all_even_when_the_afterthought_of_one_fails()
    {
        var (commits, seen) = (new CommitCounter(), new ConcurrentQueue<int>());
        database.Join(new DeafParticipant());
        database.Join(commits);

        var units = await GroupAsync(5, index => sql =>
        {
            sql.AfterCommit(() => seen.Enqueue(index == 1 ? throw new TestFault(1) : index));
            return AddAsync(sql, $"thing-{index}");
        });

        Assert.Empty(await FaultsAsync(units));
        Assert.Equal([0, 2, 3, 4], seen);
        Assert.InRange(commits.Count, 1, 6);
        await WriteAsync("INSERT INTO things (name, size) VALUES ('next', 0)");
        Assert.Equal(6, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Fact]
    public async Task A_unit_that_loses_the_connection_does_not_fail_those_that_run_after_it_one_by_one()
    {
        var units = await GroupAsync(5, index => async sql =>
        {
            var id = await AddAsync(sql, $"thing-{index}");
            if (index == 2)
            {
                await sql.Connection.CloseAsync();
            }

            return index is 0 or 2 ? throw new TestFault(index) : id;
        });

        Assert.Equal([0, 2], await FaultsAsync(units));
        Assert.Equal(3, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_unit_that_believed_wrong_of_a_row_runs_once_more_and_may_ask(int count)
    {
        var runs = new ConcurrentQueue<bool>();

        var units = await GroupAsync(count, index => async sql =>
        {
            if (index == 0)
            {
                runs.Enqueue(sql.AsksFirst);
            }

            if (index == 0 && !sql.AsksFirst)
            {
                await sql.ChangeEachAsync("UPDATE things SET size = 1 WHERE name = @Name", [new { Name = "nobody" }]);
            }

            return await AddAsync(sql, $"thing-{index}");
        });
        await Task.WhenAll(units);

        Assert.Equal([false, true], runs);
        Assert.Equal(count, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
        Assert.False(await database.WriteAsync(sql => Task.FromResult(sql.AsksFirst), CancellationToken.None));
    }

    [Fact]
    public async Task A_unit_alone_runs_once_more_only_where_that_may_help_and_never_a_third_time()
    {
        var runs = 0;
        Task<int> RunAsync(Exception fault) => database.WriteAsync<int>(
            _ =>
            {
                runs++;
                throw fault;
            },
            CancellationToken.None);

        await Assert.ThrowsAsync<TestFault>(() => RunAsync(new TestFault(1)));
        Assert.Equal(1, runs);
        await Assert.ThrowsAsync<System.Data.DBConcurrencyException>(() => RunAsync(new System.Data.DBConcurrencyException("Never.")));
        Assert.Equal(3, runs);
    }

    [Fact]
    public async Task A_caller_alone_waits_for_nobody()
    {
        var fastest = TimeSpan.MaxValue;
        for (var round = 0; round < 50; round++)
        {
            var start = TimeProvider.System.GetTimestamp();
            await AddAsync($"alone-{round}");
            var took = TimeProvider.System.GetElapsedTime(start);
            fastest = took < fastest ? took : fastest;
        }

        // A writer that gathers for a while after every call would take that while every time, however idle the machine.
        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public async Task A_statement_is_prepared_once_and_kept_by_its_text()
    {
        for (var round = 0; round < 600; round++)
        {
            await AddAsync($"same-{round}");
        }

        // Each of these texts is kept, so one too many is refused; of one text there are never two.
        var others = database.WriteAsync(
            async sql =>
            {
                var changed = await sql.ExecuteAsync("INSERT INTO things (name) VALUES ('of the refused')");
                for (var number = 0; number <= 500; number++)
                {
                    changed += await sql.ExecuteAsync($"UPDATE things SET size = {number} WHERE name = 'none'");
                }

                return changed;
            },
            CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => others);
        Assert.Contains("Too many different SQL texts", refusal.Message, StringComparison.Ordinal);
        await AddAsync("after");
        Assert.Equal(601, await ReadAsync<long>("SELECT COUNT(*) FROM things"));
        Assert.Equal(0, await ReadAsync<long>("SELECT COUNT(*) FROM things WHERE name = 'of the refused'"));
    }

    [Fact]
    public async Task Closing_waits_for_the_reads_that_run_and_refuses_those_that_come_later()
    {
        var closing = engine.Open();
        using var entered = new SemaphoreSlim(0);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = closing.ReadAsync(
            async sql =>
            {
                entered.Release();
                await gate.Task;
                return await sql.FirstOrDefaultAsync<long>("SELECT COUNT(*) FROM things");
            },
            CancellationToken.None);
        await entered.WaitAsync(Hang);

        var closed = Task.Run(() => closing.DisposeAsync().AsTask());
        Assert.False(closed.IsCompleted);
        gate.SetResult();

        await closed.WaitAsync(Hang);
        Assert.Equal(0, await running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => closing.ReadAsync(_ => Task.FromResult(0), CancellationToken.None)).WaitAsync(Hang);
    }

    /// <summary>Fails whenever it is told of a commit.</summary>
    private sealed class DeafParticipant : ICommitParticipant
    {
        public Task BeforeCommitAsync(SqlSession session) => Task.CompletedTask;

        public void Committed() => throw new TestFault(-2);
    }
}
