namespace Refinery.Kernel.Storage;

/// <summary>One caller's work waiting to be committed with its neighbours'.</summary>
internal abstract class WriteUnit
{
    /// <summary>True when the caller gave up before the work began.</summary>
    public abstract bool IsAbandoned { get; }

    /// <summary>What units have in common that run together; a unit that runs by itself names itself.</summary>
    public virtual object Kind => this;

    /// <summary>Runs the units of one kind and keeps their results; may be called again after a rollback.</summary>
    public abstract Task RunAsync(SqlSession session, IReadOnlyList<WriteUnit> together);

    /// <summary>Hands the caller its result.</summary>
    public abstract void Succeed();

    /// <summary>Hands the caller the fault.</summary>
    public abstract void Fail(Exception fault);
}

/// <inheritdoc />
internal abstract class WriteUnit<T>(CancellationToken cancellationToken) : WriteUnit
{
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? succeed;

    /// <summary>Ends after the commit.</summary>
    public Task<T> Completion => completion.Task;

    /// <inheritdoc />
    public override bool IsAbandoned
    {
        get
        {
            if (cancellationToken.IsCancellationRequested)
            {
                completion.TrySetCanceled(cancellationToken);
            }

            return completion.Task.IsCompleted;
        }
    }

    /// <inheritdoc />
    public override void Succeed() => succeed?.Invoke();

    /// <inheritdoc />
    public override void Fail(Exception fault) => completion.TrySetException(fault);

    protected void Keep(T result) => succeed = () => completion.TrySetResult(result);
}

/// <summary>Work that runs by itself.</summary>
internal sealed class SingleUnit<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) : WriteUnit<T>(cancellationToken)
{
    /// <inheritdoc />
    public override async Task RunAsync(SqlSession session, IReadOnlyList<WriteUnit> together) => Keep(await work(session));
}

/// <summary>One caller's part of work that is done for all who ask for it.</summary>
internal sealed class SharedUnit<TItem, TResult>(SharedWork<TItem, TResult> work, TItem item, CancellationToken cancellationToken) : WriteUnit<TResult>(cancellationToken)
{
    private readonly TItem item = item;

    /// <inheritdoc />
    public override object Kind => work;

    /// <inheritdoc />
    public override async Task RunAsync(SqlSession session, IReadOnlyList<WriteUnit> together)
    {
        var units = together.Cast<SharedUnit<TItem, TResult>>().ToList();
        var results = await work.RunAsync(session, [.. units.Select(unit => unit.item)]);
        for (var number = 0; number < units.Count; number++)
        {
            units[number].Keep(results[number]);
        }
    }
}

/// <summary>A unit of writing that is made for many callers: what a group holds of it is done at once, so that a row more costs no way to the database more.</summary>
/// <param name="work">Gets every item of the group, in the order of their coming, and answers each. When it throws it is asked again for each by itself.</param>
public sealed class SharedWork<TItem, TResult>(Func<SqlSession, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> work)
{
    internal Task<IReadOnlyList<TResult>> RunAsync(SqlSession session, IReadOnlyList<TItem> items) => work(session, items);
}
