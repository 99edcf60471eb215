using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Builds.Records;

/// <summary>Writes the rows of builds and their attempts, and counts them, from the journal.</summary>
internal sealed class BuildProjection : IProjection
{
    public string Name => "builds";

    public async Task ResetAsync(SqlSession sql)
    {
        await BuildStore.ResetAsync(sql);
        await AttemptStore.ResetAsync(sql);
        await BuildCounterStore.ResetAsync(sql);
    }

    public async Task ApplyAsync(SqlSession sql, IReadOnlyList<JournalEvent> events)
    {
        var counters = new BuildCounters();
        foreach (var link in events)
        {
            if (BuildEvents.Log(link) is { } log)
            {
                await AttemptStore.SetLogAsync(sql, log);
            }
            else if (!BuildEvents.IsOfBuild(link))
            {
                continue;
            }
            else if (BuildEvents.NewBuild(link) is { } created)
            {
                await BuildStore.InsertAsync(sql, created);
                counters.Move(new BuildState(created.Sequence, created.ThirdPartyId, created.Status), from: null);
            }
            else if (BuildEvents.NewAttempt(link) is { } begun)
            {
                await AttemptStore.InsertAsync(sql, begun);
            }
            else
            {
                await ChangeAsync(sql, link, counters);
            }
        }

        await counters.WriteAsync(sql);
    }

    private static async Task ChangeAsync(SqlSession sql, JournalEvent link, BuildCounters counters)
    {
        if (BuildEvents.StatusAfter(link) is not { } status
            || await BuildStore.FindOfStepAsync(sql, BuildEvents.BuildId(link), BuildEvents.StepId(link)) is not { } before)
        {
            return;
        }

        var after = BuildEvents.Changed(before, status, link);
        await BuildStore.UpdateAsync(sql, after);
        counters.Move(after, before.Status);
        if (BuildEvents.Attempt(link) is { } attempt)
        {
            await AttemptStore.UpdateAsync(sql, attempt);
        }
    }
}
