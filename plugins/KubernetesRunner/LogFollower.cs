namespace Refinery.KubernetesRunner;

/// <summary>Follows the log of one build: every line once and in order, however often the connection breaks.</summary>
internal sealed class LogFollower(Cluster cluster, Patience patience, TimeProvider clock)
{
    private const int MaxLineBytes = 1 << 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long the log of a build that has ended may give no line: its wheel does not wait for a log that is lost.</summary>
    private static readonly TimeSpan RestLimit = TimeSpan.FromSeconds(15);

    /// <summary>An answer begins this long before the newest line: a clock may have stepped back since.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    /// <summary>The instants of the lines delivered since the next answer's beginning.</summary>
    private readonly Queue<DateTimeOffset> delivered = new();
    private DateTimeOffset? since;
    private CallException? trouble;
    private bool isTroubleTold;

    /// <summary>Follows it to its end.</summary>
    /// <param name="ended">Completes when the container has ended: one more answer then has all there is.</param>
    /// <exception cref="CallException">It may not be read.</exception>
    public async Task RunAsync(string pod, Task ended, Func<string, ValueTask> onLine, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var following = FollowToEndAsync(
            pod,
            ended,
            text =>
            {
                if (ended.IsCompleted)
                {
                    late.CancelAfter(RestLimit);
                }

                return onLine(text);
            },
            stop.Token);
        if (await Task.WhenAny(following, ended) == ended)
        {
            late.CancelAfter(RestLimit);
        }

        try
        {
            await following;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await onLine($"The rest of the log cannot be read ({trouble?.Message.TrimEnd('.') ?? "nothing came in time"}).");
        }
    }

    private async Task FollowToEndAsync(string pod, Task ended, Func<string, ValueTask> onLine, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            var isLast = ended.IsCompleted;
            try
            {
                await FollowAsync(pod, isLast, onLine, cancellationToken);
                if (isLast)
                {
                    return;
                }

                failures = 0;
                trouble = null;
                await Task.WhenAny(ended, Task.Delay(Pause, clock, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (CallException fault) when (fault.Status == 404)
            {
                return; // The pod is gone, and its log with it.
            }
            catch (CallException fault) when (fault.Status == 408)
            {
                failures = 0; // The build is silent.
            }
            catch (CallException fault) when (fault.Status == 400 || Patience.MayPass(fault, failures + 1))
            {
                // 400: the container is about to start.
                await TellAsync(fault, onLine);
                await patience.PauseAsync(++failures, cancellationToken);
            }
        }
    }

    /// <summary>A person who waits for lines hears once that they cannot be had.</summary>
    private async ValueTask TellAsync(CallException fault, Func<string, ValueTask> onLine)
    {
        if (fault.Status >= 500 && !isTroubleTold)
        {
            isTroubleTold = true;
            await onLine($"The log of the build cannot be read now: {fault.Message}");
        }

        trouble = fault;
    }

    private async Task FollowAsync(string pod, bool isLast, Func<string, ValueTask> onLine, CancellationToken cancellationToken)
    {
        var lines = new ByteLines(MaxLineBytes);

        // An answer has every line from its beginning on, and those delivered are the first of them.
        var seen = delivered.Count(instant => instant >= since);
        await foreach (var chunk in cluster.FollowLogAsync(pod, since, cancellationToken))
        {
            foreach (var line in lines.Add(chunk.Span).Select(LogLine.Parse))
            {
                if (line.Instant is null || seen-- <= 0)
                {
                    await DeliverAsync(line, onLine);
                }
            }
        }

        // Half a line is half sent, unless nothing can follow any more.
        if (isLast && seen <= 0 && lines.End() is { } rest)
        {
            await DeliverAsync(LogLine.Parse(rest), onLine);
        }
    }

    private async ValueTask DeliverAsync(LogLine line, Func<string, ValueTask> onLine)
    {
        foreach (var text in line.Texts())
        {
            await onLine(text);
        }

        if (line.Instant is { } instant)
        {
            delivered.Enqueue(instant);
            Forget(instant - Overlap);
        }
    }

    /// <summary>The API takes whole seconds only.</summary>
    private void Forget(DateTimeOffset before)
    {
        var second = before.AddTicks(-(before.Ticks % TimeSpan.TicksPerSecond));
        since = second > since || since is null ? second : since;
        while (delivered.TryPeek(out var oldest) && oldest < since)
        {
            delivered.Dequeue();
        }
    }
}
