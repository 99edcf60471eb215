using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Keeps one leader among the pods that know the database: the eldest live one, exclusive by a lease with a term.</summary>
/// <remarks>
/// How long a lease lasts is measured by who watches it, from the moment its row last changed before his eyes, so wall
/// clocks that differ or are set decide nothing. A watcher sees each change later than its maker: the leader stops counting
/// itself as such before anybody else may take over, and should it sleep through that, its writes carry a term that is over.
/// </remarks>
internal sealed partial class Election(Database database, PodIdentity identity, IOptions<FleetOptions> options, TimeProvider clock, ILogger<Election> logger)
    : IDisposable
{
    private readonly SemaphoreSlim one = new(1, 1);
    private LeaderRow? seen;
    private long seenAt;
    private Lead? lead;
    private long provenAt;
    private bool hasResigned;

    /// <summary>The lead this pod holds and has proven lately; null when it does not lead.</summary>
    public Lead? Lead => Volatile.Read(ref lead) is { } held && clock.GetElapsedTime(Interlocked.Read(ref provenAt)) < Lease ? held : null;

    private TimeSpan Lease => options.Value.LeaderLease;

    /// <summary>One round: proves the lead that is held, takes the one that is free, or watches.</summary>
    /// <returns>The lead, or null when another pod leads.</returns>
    public async Task<Lead?> CheckAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            if (lead is { } held)
            {
                await ProveAsync(held, cancellationToken);
            }

            if (lead is null && !hasResigned)
            {
                await StandAsync(cancellationToken);
            }

            return Lead;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Gives the lead up and stands for no other: the process stops.</summary>
    public async Task ResignAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            hasResigned = true;
            if (lead is { } held)
            {
                lead = null;
                await database.WriteAsync(sql => LeaderStore.VacateAsync(sql, held.PodId), cancellationToken);
                LogResigned(logger, held.PodId, held.Term);
            }
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    private async Task ProveAsync(Lead held, CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        if (await database.WriteAsync(sql => RenewOrYieldAsync(sql, held), cancellationToken))
        {
            Interlocked.Exchange(ref provenAt, asked);
            return;
        }

        Volatile.Write(ref lead, null);
        LogLost(logger, held.PodId, held.Term);
    }

    /// <summary>Proves the lead, or gives it up for an elder pod that has come back to life: one that beat after this one was elected.</summary>
    private async Task<bool> RenewOrYieldAsync(SqlSession sql, Lead held)
    {
        if (await LeaderStore.RenewAsync(sql, held, clock.GetUtcNow()) == 0)
        {
            return false;
        }

        var since = (await LeaderStore.ReadAsync(sql)).ElectedAt + Lease;
        return !Elders(await PodStore.ListAsync(sql)).Any(elder => elder.BeatAt > since) || await LeaderStore.VacateAsync(sql, held.PodId) == 0;
    }

    private async Task StandAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        var (row, pods) = await database.ReadAsync(
            async sql => (await LeaderStore.ReadAsync(sql), await PodStore.ListAsync(sql)), cancellationToken);
        if (seen is not { } before || (before.Term, before.Beats) != (row.Term, row.Beats))
        {
            (seen, seenAt) = (row, asked);
        }

        if (MayTake(row, pods) && await database.WriteAsync(sql => LeaderStore.TakeAsync(sql, identity.PodId, row, clock.GetUtcNow()), cancellationToken) == 1)
        {
            Interlocked.Exchange(ref provenAt, asked);
            Volatile.Write(ref lead, new Lead(identity.PodId, row.Term + 1));
            LogElected(logger, identity.PodId, row.Term + 1);
        }
    }

    /// <summary>A free lead is the eldest's; when that one does not come for it, it is anybody's.</summary>
    private bool MayTake(LeaderRow row, IReadOnlyList<PodRow> pods)
    {
        var quiet = clock.GetElapsedTime(seenAt);
        var free = row.PodId is null ? quiet : quiet - Lease;
        return free >= (Elders(pods).Any(elder => elder.PodId != row.PodId) ? Lease / 2 : TimeSpan.Zero);
    }

    /// <summary>Live pods that may lead and were there before this one.</summary>
    private IEnumerable<PodRow> Elders(IReadOnlyList<PodRow> pods)
    {
        var aliveSince = clock.GetUtcNow() - options.Value.DeadAfter;
        var own = pods.FirstOrDefault(pod => pod.PodId == identity.PodId)?.Rank ?? long.MaxValue;
        return pods.Where(pod => pod.CanLead && pod.Rank < own && pod.State == PodState.Live && pod.BeatAt >= aliveSince);
    }

    [LoggerMessage(LogLevel.Debug, "{PodId} leads in term {Term}.")]
    private static partial void LogElected(ILogger logger, string podId, long term);

    [LoggerMessage(LogLevel.Debug, "{PodId} resigned from term {Term}.")]
    private static partial void LogResigned(ILogger logger, string podId, long term);

    [LoggerMessage(LogLevel.Warning, "{PodId} leads no longer; its term {Term} is over.")]
    private static partial void LogLost(ILogger logger, string podId, long term);
}
