using System.Collections.Frozen;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Pauses and resumes step types: what is paused is given to nobody, and what runs already goes on.</summary>
internal sealed class Pauses
{
    private const string Topic = "paused";

    private readonly Database database;
    private readonly DispatchQueue queue;
    private Known? known;
    private int changes;

    public Pauses(Database database, DispatchQueue queue)
    {
        this.database = database;
        this.queue = queue;
        database.Notices.Hear(Topic, _ => Forget());
    }

    /// <summary>Pauses a type; one that is paused stays so, with its first reason.</summary>
    /// <returns>The pause.</returns>
    public async Task<PausedType> PauseAsync(PausedType wanted, CancellationToken cancellationToken) => await database.WriteAsync(
        async sql =>
        {
            if (await PausedTypeStore.FindAsync(sql, wanted.Type) is { } known)
            {
                return known;
            }

            sql.Append(Draft(PausedTypeProjection.Paused, wanted));
            TellAfter(sql);
            return wanted;
        },
        cancellationToken);

    /// <summary>Resumes a type and wakes who waits for its steps.</summary>
    /// <returns>False when it was not paused.</returns>
    public async Task<bool> ResumeAsync(string type, string actor, CancellationToken cancellationToken) => await database.WriteAsync(
        async sql =>
        {
            if (await PausedTypeStore.FindAsync(sql, type) is not { } known)
            {
                return false;
            }

            sql.Append(Draft(PausedTypeProjection.Resumed, known with { PausedBy = actor, Reason = null }));
            TellAfter(sql);
            sql.AfterCommit(queue.Ready.Pulse);
            sql.Tell(DispatchQueue.Came);
            return true;
        },
        cancellationToken);

    /// <summary>Those of the types that are not paused, as far as this host has heard: the unit that gives a step away looks itself.</summary>
    public async Task<FrozenSet<string>> OpenAsync(FrozenSet<string> types, CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref changes);
        if (Volatile.Read(ref known) is not { } current || current.Changes != seen)
        {
            current = new Known(seen, [.. (await database.ReadAsync(PausedTypeStore.ListAsync, cancellationToken)).Select(one => one.Type)]);
            Volatile.Write(ref known, current);
        }

        return Without(current.Paused, types);
    }

    /// <summary>Types without those that are paused.</summary>
    public static FrozenSet<string> Without(HashSet<string> paused, FrozenSet<string> types) =>
        paused.Overlaps(types) ? types.Except(paused, StringComparer.Ordinal).ToFrozenSet(StringComparer.Ordinal) : types;

    private void TellAfter(SqlSession sql)
    {
        sql.AfterCommit(Forget);
        sql.Tell(Topic);
    }

    private void Forget() => Interlocked.Increment(ref changes);

    private static EventDraft Draft(string eventType, PausedType paused) =>
        new(eventType, new EventPayload().Add("step_type", paused.Type).Add("reason", paused.Reason).Seal()) { ActorId = paused.PausedBy, Timestamp = paused.PausedAt };

    /// <summary>What is paused.</summary>
    /// <param name="Changes">How many changes had been heard of when it was read.</param>
    private sealed record Known(int Changes, HashSet<string> Paused);
}
