using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Refinery.Tests.Kernel.Storage;

/// <summary>Stands between a host and Postgres, and cuts a connection at its commit.</summary>
internal sealed class PostgresRelay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentDictionary<TcpClient, bool> open = [];
    private readonly ConcurrentBag<Task> running = [];
    private readonly NpgsqlConnectionStringBuilder server;
    private readonly Task accepting;
    private volatile TaskCompletionSource? cut;
    private volatile Task gate = Task.CompletedTask;
    private bool cutsAnswer;
    private int skipped;

    /// <param name="connectionString">Of the server.</param>
    public PostgresRelay(string connectionString)
    {
        server = new NpgsqlConnectionStringBuilder(connectionString);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Leads through here.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(server.ConnectionString)
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)listener.LocalEndpoint).Port,
        SslMode = SslMode.Disable,
    }.ConnectionString;

    /// <summary>Cuts the next connection that commits.</summary>
    /// <param name="answer">True to let the server have the commit and keep its answer; false to keep the commit.</param>
    /// <param name="until">Connections that come after the cut wait for it.</param>
    /// <param name="skip">How many commits go through before it.</param>
    /// <returns>Ends at the cut.</returns>
    public Task CutAtCommit(bool answer, Task until, int skip = 0)
    {
        var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (cutsAnswer, skipped, gate) = (answer, skip, until);
        cut = armed;
        return armed.Task;
    }

    /// <summary>Cuts the connections that are there.</summary>
    public void CutAll()
    {
        foreach (var client in open.Keys)
        {
            client.Close();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(running);
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            running.Add(RelayAsync(await listener.AcceptTcpClientAsync(closing.Token)));
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(closing.Token);
        using (client)
        using (var there = new TcpClient())
        {
            if (cut is null)
            {
                await gate.WaitAsync(ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await there.ConnectAsync(server.Host!, server.Port);
            open[client] = true;
            var both = new[] { PumpAsync(client, there, isAnswer: false, ended.Token), PumpAsync(there, client, isAnswer: true, ended.Token) };
            await Task.WhenAny(both);
            await ended.CancelAsync();
            await Task.WhenAll(both);
            open.TryRemove(client, out _);
        }
    }

    /// <summary>Carries what comes from one end to the other until one of them, or this, closes.</summary>
    private async Task PumpAsync(TcpClient from, TcpClient to, bool isAnswer, CancellationToken cancellationToken)
    {
        var (reading, writing) = (from.GetStream(), to.GetStream());
        var buffer = new byte[65_536];
        try
        {
            while (await reading.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                if (cut is { } armed && isAnswer == cutsAnswer && buffer.AsSpan(0, count).IndexOf("COMMIT\0"u8) >= 0 && skipped-- == 0)
                {
                    cut = null;
                    armed.SetResult();
                    return;
                }

                await writing.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // An end that is gone is what this is for.
        }
    }
}
