using System.Collections.Frozen;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Pauses and resumes step types: what is paused is given to nobody, and what runs already goes on.</summary>
internal sealed class Pauses(Database database, DispatchQueue queue)
{
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
            sql.AfterCommit(queue.Ready.Pulse);
            sql.Tell(DispatchQueue.Came);
            return true;
        },
        cancellationToken);

    /// <summary>Those of the types that are not paused.</summary>
    public Task<FrozenSet<string>> OpenAsync(FrozenSet<string> types, CancellationToken cancellationToken) =>
        database.ReadAsync(sql => OpenAsync(sql, types), cancellationToken);

    /// <summary>The same as part of a unit, where no pause can come in between.</summary>
    public static async Task<FrozenSet<string>> OpenAsync(SqlSession sql, FrozenSet<string> types) =>
        await PausedTypeStore.ListAsync(sql) is { Count: > 0 } paused
            ? types.Except(paused.Select(one => one.Type), StringComparer.Ordinal).ToFrozenSet(StringComparer.Ordinal)
            : types;

    private static EventDraft Draft(string eventType, PausedType paused) =>
        new(eventType, new EventPayload().Add("step_type", paused.Type).Add("reason", paused.Reason).Seal()) { ActorId = paused.PausedBy, Timestamp = paused.PausedAt };
}
