using System.Data;
using System.Data.Common;

namespace Refinery.Kernel.Storage;

/// <summary>The commands of one connection that answer nothing: they go along with the next that does.</summary>
/// <param name="transaction">The transaction of the moment.</param>
/// <param name="blocks">True for the writer, whose thread has nothing else to do: it waits for each answer itself, and another is woken only to send a large set.</param>
internal sealed class HeldCommands(DbConnection connection, Func<DbTransaction?> transaction, bool blocks)
{
    /// <summary>Fewer rows than this are not worth another thread.</summary>
    private const int MinSentEarly = 32;

    private readonly Lock gate = new();
    private readonly List<Telling> held = [];
    private readonly List<Telling> sent = [];
    private Task sending = Task.CompletedTask;
    private Sending? underWay;

    /// <summary>Runs a command that answers nothing: in a transaction it costs no way of its own.</summary>
    /// <remarks>
    /// What is large is sent while the writer goes on with what comes next, what is small goes with the next that answers, all in their order.
    /// The faults of both are thrown by a later call.
    /// </remarks>
    public async Task TellAsync(Telling telling)
    {
        var goesNow = transaction() is null;
        lock (gate)
        {
            held.Add(telling);
            if (blocks && !goesNow && underWay is null && IsLarge)
            {
                var mine = underWay = new Sending();
                sending = Task.Run(() => SendHeld(mine));
            }
        }

        if (goesNow)
        {
            await FlushAsync();
        }
    }

    /// <summary>Waits until a command may be given other values.</summary>
    public async Task FreeAsync(DbBatchCommand command)
    {
        bool isBusy;
        lock (gate)
        {
            isBusy = held.Concat(sent).Any(one => one.Command == command);
        }

        if (isBusy)
        {
            await FlushAsync();
        }
    }

    /// <summary>Sends what is held; to be called before a commit.</summary>
    /// <exception cref="DBConcurrencyException">A row was not changed that was to be.</exception>
    public async Task FlushAsync()
    {
        await EndSendingAsync();
        if (held.Count + sent.Count > 0)
        {
            await SendAsync(async (batch, _) =>
            {
                if (batch.BatchCommands.Count > 0)
                {
                    _ = blocks ? batch.ExecuteNonQuery() : await batch.ExecuteNonQueryAsync();
                }
            });
        }
    }

    /// <summary>Has a batch of what is held, to which others may be added, sent and read.</summary>
    /// <param name="send">Gets how many results come before those of the others.</param>
    /// <exception cref="DBConcurrencyException">A row was not changed that was to be.</exception>
    public async Task SendAsync(Func<DbBatch, int, Task> send)
    {
        await EndSendingAsync();
        try
        {
            var results = held.Count(one => one.HasResult);
            await using var batch = TakeHeld();
            await send(batch, results);
            sent.ForEach(one => one.Check());
        }
        finally
        {
            sent.Clear();
        }
    }

    /// <summary>Waits until nothing is under way, and drops what is held: its transaction is to be rolled back, so the faults of it matter no more.</summary>
    public async Task SettleAsync()
    {
        await TakeOver().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        (sending, underWay) = (Task.CompletedTask, null);
        sent.Clear();
        held.Clear();
    }

    private bool IsLarge => held.Sum(one => one.Rows) >= MinSentEarly;

    /// <summary>Sends what is held, and what comes to be held meanwhile, unless the writer was quicker.</summary>
    private void SendHeld(Sending mine)
    {
        while (true)
        {
            DbBatch batch;
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
                batch = TakeHeld();
            }

            using (batch)
            {
                batch.ExecuteNonQuery();
            }
        }
    }

    private DbBatch TakeHeld()
    {
        var batch = connection.CreateBatch();
        batch.Transaction = transaction();
        held.ForEach(one => batch.BatchCommands.Add(one.Command));
        sent.AddRange(held);
        held.Clear();
        return batch;
    }

    /// <summary>Waits for what is under way.</summary>
    private async Task EndSendingAsync()
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

/// <summary>A command whose answer nobody waits for.</summary>
/// <param name="Rows">Of the set that it was given.</param>
/// <param name="IsExact">True when each of them is to change one row.</param>
internal sealed record Telling(DbBatchCommand Command, int Rows, bool IsExact)
{
    /// <summary>True for one that sends a result, which nobody reads.</summary>
    public bool HasResult => Command.CommandText.StartsWith("SELECT", StringComparison.Ordinal);

    /// <exception cref="DBConcurrencyException">It has changed fewer rows than it was to, or more.</exception>
    public void Check()
    {
        if (IsExact)
        {
            Check(Command.RecordsAffected, Rows);
        }
    }

    /// <exception cref="DBConcurrencyException">The numbers differ.</exception>
    public static void Check(int changed, int wanted)
    {
        if (changed != wanted)
        {
            throw new DBConcurrencyException($"{changed} rows were changed where {wanted} were to be: another has changed them, or taken their keys, since they were read.");
        }
    }
}
