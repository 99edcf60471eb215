using System.Data;
using System.Data.Common;
using System.Runtime.ExceptionServices;

namespace Refinery.Kernel.Storage;

/// <summary>The commands of one connection that need not go at once: they go along with the next that does.</summary>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself, and another is woken only to send a large set.</param>
internal sealed class HeldCommands(DbConnection connection, bool blocks)
{
    /// <summary>Fewer rows than this are not worth another thread.</summary>
    private const int MinSentEarly = 32;

    private readonly Lock gate = new();
    private readonly List<HeldCommand> held = [];
    private readonly List<HeldCommand> sent = [];
    private Task sending = Task.CompletedTask;
    private Sending? underWay;

    /// <summary>True within a transaction: what is told is held.</summary>
    public bool IsOpen { get; set; }

    /// <summary>True while something is held that is waited for.</summary>
    public bool Asks
    {
        get
        {
            lock (gate)
            {
                return held.Exists(one => one is not Telling);
            }
        }
    }

    /// <summary>How often a batch was sent.</summary>
    public int Ways { get; private set; }

    /// <summary>What the transaction has failed with, whoever was told of it; null while it may go on.</summary>
    public ExceptionDispatchInfo? Fault { get; private set; }

    /// <summary>Holds a command until the next that is sent.</summary>
    public void Hold(HeldCommand command)
    {
        lock (gate)
        {
            held.Add(command);
        }
    }

    /// <summary>Puts a command in the place of one that was not sent yet, and forgets what was to be asked.</summary>
    public void Replace(HeldCommand command, Telling by)
    {
        lock (gate)
        {
            held[held.IndexOf(command)] = by;
            held.RemoveAll(one => one is not Telling);
        }
    }

    /// <summary>Runs a command that answers nothing: in a transaction it costs no way of its own.</summary>
    /// <remarks>
    /// What is large is sent while the writer goes on with what comes next, unless something is held that is waited for; what is small goes with
    /// the next that answers; all in their order.
    /// The faults of both are thrown by a later call.
    /// </remarks>
    public Task TellAsync(Telling telling)
    {
        lock (gate)
        {
            held.Add(telling);
            if (blocks && IsOpen && underWay is null && IsLarge)
            {
                var mine = underWay = new Sending();
                sending = Task.Run(() => SendHeld(mine));
            }
        }

        return IsOpen ? Task.CompletedTask : FlushAsync();
    }

    /// <summary>True until the command may be given other values.</summary>
    public bool IsBusy(DbBatchCommand command)
    {
        lock (gate)
        {
            return held.Concat(sent).Any(one => one.Command == command);
        }
    }

    /// <summary>Sends what is held over one way, and lets those who asked go on.</summary>
    /// <exception cref="DBConcurrencyException">A row was not changed that was to be.</exception>
    /// <exception cref="DbException">The engine refuses one, or has refused one before in this transaction.</exception>
    public async Task FlushAsync()
    {
        await EndSendingAsync();
        Fault?.Throw();
        if (held.Count == 0)
        {
            return;
        }

        var (batch, taken) = TakeHeld();
        await using (batch)
        {
            await SendAsync(batch, taken);
        }

        // Who asked goes on here, and may ask again.
        taken.ForEach(one => one.Answer());
    }

    /// <summary>Has another command run behind what is held; what it fails with is the transaction's fault, too.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> run)
    {
        await FlushAsync();
        try
        {
            return await run();
        }
        catch (Exception fault)
        {
            Noted(fault);
            throw;
        }
    }

    /// <summary>Waits for what is under way.</summary>
    /// <exception cref="DBConcurrencyException">A row was not changed that was to be.</exception>
    public async Task EndSendingAsync()
    {
        var task = TakeOver();
        if (blocks)
        {
            task.GetAwaiter().GetResult();
        }
        else
        {
            await task;
        }
    }

    /// <summary>Waits until nothing is under way, and drops what is held: its transaction is to be rolled back, so the faults of it matter no more.</summary>
    public async Task SettleAsync()
    {
        await TakeOver().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        (sending, underWay, Fault) = (Task.CompletedTask, null, null);
        sent.Clear();
        held.Clear();
    }

    /// <summary>Large enough to be sent early, and nothing that is waited for.</summary>
    private bool IsLarge => !Asks && held.Sum(one => ((Telling)one).Rows) >= MinSentEarly;

    /// <summary>Sends what is held, and what comes to be held meanwhile, unless the writer was quicker.</summary>
    private void SendHeld(Sending mine)
    {
        while (true)
        {
            DbBatch batch;
            List<HeldCommand> taken;
            lock (gate)
            {
                if (underWay != mine)
                {
                    return;
                }

                if (!IsLarge)
                {
                    underWay = null;
                    return;
                }

                mine.HasBegun = true;
                (batch, taken) = TakeHeld();
            }

            using (batch)
            {
                SendAsync(batch, taken).GetAwaiter().GetResult();
            }
        }
    }

    private (DbBatch Batch, List<HeldCommand> Taken) TakeHeld()
    {
        var batch = connection.CreateBatch();
        held.ForEach(one => batch.BatchCommands.Add(one.Command));
        sent.AddRange(held);
        held.Clear();
        Ways++;
        return (batch, [.. sent]);
    }

    private async Task SendAsync(DbBatch batch, List<HeldCommand> commands)
    {
        try
        {
            if (blocks)
            {
                BatchReading.Read(batch, commands);
            }
            else
            {
                await BatchReading.ReadAsync(batch, commands);
            }
        }
        catch (DbException fault) when (ExactTelling.HasMissed(fault) && commands.Exists(one => one is ExactTelling))
        {
            throw Noted(ExactTelling.Missed(fault));
        }
        catch (Exception fault)
        {
            Noted(fault);
            throw;
        }
        finally
        {
            lock (gate)
            {
                sent.Clear();
            }
        }
    }

    private T Noted<T>(T fault)
        where T : Exception
    {
        Fault = IsOpen ? ExceptionDispatchInfo.Capture(fault) : null;
        return fault;
    }

    /// <summary>What has not begun is not waited for, however busy the other threads are: it is held again.</summary>
    /// <returns>What is under way.</returns>
    private Task TakeOver()
    {
        lock (gate)
        {
            if (underWay is { HasBegun: false })
            {
                (sending, underWay) = (Task.CompletedTask, null);
            }

            return sending;
        }
    }

    /// <summary>One run of the thread that sends.</summary>
    private sealed class Sending
    {
        public bool HasBegun { get; set; }
    }
}
