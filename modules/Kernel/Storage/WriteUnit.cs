namespace Refinery.Kernel.Storage;

/// <summary>One caller's work waiting to be committed with its neighbours'.</summary>
internal abstract class WriteUnit
{
    /// <summary>True when the caller gave up before the work began.</summary>
    public abstract bool IsAbandoned { get; }

    /// <summary>Runs the work and keeps its result; may be called again after a rollback.</summary>
    public abstract Task RunAsync(SqlSession session);

    /// <summary>Hands the caller its result.</summary>
    public abstract void Succeed();

    /// <summary>Hands the caller the fault.</summary>
    public abstract void Fail(Exception fault);
}

/// <inheritdoc />
internal sealed class WriteUnit<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) : WriteUnit
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
    public override async Task RunAsync(SqlSession session)
    {
        var result = await work(session);
        succeed = () => completion.TrySetResult(result);
    }

    /// <inheritdoc />
    public override void Succeed() => succeed?.Invoke();

    /// <inheritdoc />
    public override void Fail(Exception fault) => completion.TrySetException(fault);
}
