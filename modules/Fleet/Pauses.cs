using System.Collections.Frozen;
using System.Collections.Immutable;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Fleet;

/// <summary>Which step types are paused, kept in memory so that a claim asks no table.</summary>
/// <remarks>The set moves with each commit, on the writer's thread: no claim that is written after a pause gives a step of the type away.</remarks>
internal sealed class Pauses(Database database, DispatchQueue queue)
{
    private ImmutableHashSet<string> paused = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    public async Task LoadAsync(CancellationToken cancellationToken) =>
        paused = [.. (await ListAsync(cancellationToken)).Select(type => type.Type)];

    public Task<IReadOnlyList<PausedType>> ListAsync(CancellationToken cancellationToken) => database.ReadAsync(PauseStore.ListAsync, cancellationToken);

    public bool IsPaused(string type) => Volatile.Read(ref paused).Contains(type);

    /// <summary>The request without the types that are paused.</summary>
    public ClaimRequest Narrow(ClaimRequest request) => Volatile.Read(ref paused) is { IsEmpty: false } closed && request.Types.Any(closed.Contains)
        ? request with { Types = request.Types.Except(closed, StringComparer.Ordinal).ToFrozenSet(StringComparer.Ordinal) }
        : request;

    /// <summary>Gives nobody a step of the type any more; what runs goes on. Pausing it again keeps the new reason.</summary>
    public Task PauseAsync(string type, string? reason, CancellationToken cancellationToken) => WriteAsync(
        PauseProjection.Paused, new EventPayload().Add("step_type", type).Add("reason", reason), () => ImmutableInterlocked.Update(ref paused, set => set.Add(type)), cancellationToken);

    /// <summary>Gives steps of the type away again. A type that is not paused stays as it is.</summary>
    public async Task ResumeAsync(string type, CancellationToken cancellationToken)
    {
        if (IsPaused(type))
        {
            await WriteAsync(
                PauseProjection.Resumed, new EventPayload().Add("step_type", type), () => ImmutableInterlocked.Update(ref paused, set => set.Remove(type)), cancellationToken);
            queue.Ready.Pulse();
        }
    }

    private Task<int> WriteAsync(string eventType, EventPayload payload, Action move, CancellationToken cancellationToken) => database.WriteAsync(
        sql =>
        {
            sql.Append(new EventDraft(eventType, payload));
            sql.AfterCommit(move);
            return Task.FromResult(0);
        },
        cancellationToken);
}
