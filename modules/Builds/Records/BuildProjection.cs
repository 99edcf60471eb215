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
        var (builds, attempts) = (new List<BuildRow>(), new List<AttemptRow>());
        foreach (var link in events)
        {
            if (BuildEvents.Log(link) is { } log)
            {
                await InsertAsync(sql, builds, attempts);
                await AttemptStore.SetLogAsync(sql, log);
            }

            if (!BuildEvents.IsOfBuild(link))
            {
                continue;
            }

            if (BuildEvents.NewBuild(link) is { } created)
            {
                builds.Add(created);
                counters.Move(new BuildState(created.Sequence, created.ThirdPartyId, created.Status), from: null);
            }
            else if (BuildEvents.NewAttempt(link) is { } begun)
            {
                attempts.Add(begun);
            }
            else if (BuildEvents.StatusAfter(link) is { } status)
            {
                await InsertAsync(sql, builds, attempts);
                await ChangeAsync(sql, link, status, counters);
            }
        }

        await InsertAsync(sql, builds, attempts);
        await counters.WriteAsync(sql);
    }

    /// <summary>Stores what has begun; to be called before a change, which may be of that.</summary>
    private static async Task InsertAsync(SqlSession sql, List<BuildRow> builds, List<AttemptRow> attempts)
    {
        await BuildStore.InsertAsync(sql, builds);
        await AttemptStore.InsertAsync(sql, attempts);
        builds.Clear();
        attempts.Clear();
    }

    private static async Task ChangeAsync(SqlSession sql, JournalEvent link, string status, BuildCounters counters)
    {
        if (await BuildStore.FindOfStepAsync(sql, BuildEvents.BuildId(link), BuildEvents.StepId(link)) is not { } before)
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
