using Confluent.Kafka;
using Refinery.Contract;

namespace Refinery.KafkaQueue;

/// <summary>The client that adds items; one that may have come to its end is given up for a new one.</summary>
/// <remarks>An idempotent client may end in an error, or lose count of a partition's messages, and only a new one gets over that.</remarks>
internal sealed class CurrentProducer(KafkaClients clients) : IAsyncDisposable
{
    /// <summary>After these a new one would be no better off.</summary>
    private static readonly ErrorCode[] Passing = [ErrorCode.Local_QueueFull, ErrorCode.Local_MsgTimedOut, ErrorCode.MsgSizeTooLarge, ErrorCode.TopicAuthorizationFailed];

    private readonly Lock gate = new();

    /// <summary>Of those given up, which may still wait for answers.</summary>
    private readonly List<Task> closings = [];

    // The first is made at once, so that settings nobody can use are told at the start.
    private Held? current = new(clients.Producer());
    private bool isDisposed;

    /// <summary>Lends the client for as long as the call takes.</summary>
    /// <exception cref="KafkaException">The call's own, or there is no client.</exception>
    public async Task UseAsync(Func<IProducer<string, byte[]>, Task> call)
    {
        var held = Take();
        try
        {
            await call(held.Client);
        }
        catch (KafkaException fault) when (!Passing.Contains(fault.Error.Code))
        {
            GiveUp(held);
            throw;
        }
        finally
        {
            held.Leave();
        }
    }

    /// <summary>Waits for the answers to all that was sent.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            isDisposed = true;
            if (current is { } last)
            {
                GiveUp(last);
            }
        }

        await Task.WhenAll(closings);
    }

    private Held Take()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            current ??= Make();
            current.Join();
            return current;
        }
    }

    /// <exception cref="KafkaException">It cannot be made now, as when a certificate's file is away.</exception>
    private Held Make()
    {
        try
        {
            return new(clients.Producer());
        }
        catch (Exception fault) when (fault is PluginException or InvalidOperationException)
        {
            throw new KafkaException(new Error(ErrorCode.Local_Fail, fault.Message), fault);
        }
    }

    private void GiveUp(Held held)
    {
        lock (gate)
        {
            if (held != current)
            {
                return;
            }

            current = null;
            closings.RemoveAll(closing => closing.IsCompletedSuccessfully);
            closings.Add(held.Closed);
        }

        held.Leave();
    }

    /// <summary>A client that is closed when its last holder has left.</summary>
    private sealed class Held(IProducer<string, byte[]> client)
    {
        /// <summary>Longer than a message is tried for, whose caller did not wait for it.</summary>
        private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(10);

        private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int holders = 1;

        public IProducer<string, byte[]> Client => client;

        public Task Closed => closed.Task;

        public void Join() => Interlocked.Increment(ref holders);

        public void Leave()
        {
            if (Interlocked.Decrement(ref holders) == 0)
            {
                _ = Task.Run(Close).ContinueWith(closed.SetFromTask, TaskScheduler.Default);
            }
        }

        private void Close()
        {
            using (client)
            {
                client.Flush(LastAnswers);
            }
        }
    }
}
