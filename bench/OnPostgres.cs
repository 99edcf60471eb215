using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Text.Json;
using Refinery.Contract;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Bench;

/// <summary>
/// The queue on the Postgres of <c>POSTGRES_DSN</c>, called as a library as other queues are: <c>postgres submit|bulk|drain [steps] [callers] [batch] [queue]</c>
/// and <c>postgres pickup [rate = 100] [pods = 4] [queue]</c>.
/// Prints the figure also as one line of JSON.
/// </summary>
internal static class OnPostgres
{
    private const string Type = "bench";

    private static readonly string[] Dnf = ["openblas-devel", "gcc-gfortran", "cmake"];
    private static readonly string[] Apt = ["libopenblas-dev", "gfortran"];

    public static Task RunAsync(string[] settings) => settings[0] == "pickup" ? PickUpAsync(settings) : CountAsync(settings);

    /// <summary>From the call that submits a step until a pod of the same process, which waited for it, has it in hands.</summary>
    private static async Task PickUpAsync(string[] settings)
    {
        var (rate, pods, queue) = (Setting(settings, 1, 100), Setting(settings, 2, 4), settings.ElementAtOrDefault(3) ?? "postgres");
        await using var database = await BenchDatabase.CreateAsync();
        await using var host = await BenchHost.StartAsync(database.Dsn, queue);
        var arrivals = new Arrivals();
        using var stop = new CancellationTokenSource();
        var claiming = Enumerable.Range(0, pods).Select(pod => Task.Run(() => PickUpAsync(host, $"pod-{pod}", arrivals, stop.Token))).ToList();
        await arrivals.EachAsync(rate, number => SubmitAsync(host.Of<ISteps>(), number, 1));
        await arrivals.AllAsync();
        await stop.CancelAsync();
        await Task.WhenAll(claiming);
        arrivals.Print("called as a library", "call that submits → claimed by a pod that waits", $"{pods} pods, queue {queue}, {await database.DurabilityAsync()}");
    }

    private static async Task PickUpAsync(BenchHost host, string pod, Arrivals arrivals, CancellationToken stop)
    {
        var (claims, endings) = (host.Of<StepClaims>(), host.Of<StepEndings>());
        var request = new ClaimRequest(pod, FrozenSet.Create(StringComparer.Ordinal, Type), Max: 1, Start: true);
        while (!stop.IsCancellationRequested)
        {
            foreach (var step in await claims.ClaimAsync(request, TimeSpan.FromSeconds(1), CancellationToken.None))
            {
                arrivals.Note(step.ToClaimed().Args.GetProperty("i").GetInt32(), Stopwatch.GetTimestamp());
                await endings.FinishAsync([new Reported(step.Holder, StepOutcome.Success("done"), RunFacts.None)], CancellationToken.None);
            }
        }
    }

    private static async Task CountAsync(string[] settings)
    {
        var (mode, steps, callers, batch, queue) = (settings[0], Setting(settings, 1, 40_000), Setting(settings, 2, 64), Setting(settings, 3, 1), settings.ElementAtOrDefault(4) ?? "file");
        await using var database = await BenchDatabase.CreateAsync();
        await using var host = await BenchHost.StartAsync(database.Dsn, queue);
        var (figure, unit, beside) = mode switch
        {
            "submit" or "bulk" => await SubmitAsync(host, steps, callers, batch),
            "drain" => await DrainAsync(host, steps, callers, batch),
            _ => throw new ArgumentException($"'{mode}' is no mode; submit, bulk or drain is expected."),
        };
        var verdict = await host.Of<EventJournal>().VerifyAsync(CancellationToken.None);
        var group = callers * batch;
        var floor = mode == "drain" ? await ServerFloor.OfDrainAsync(database.Dsn, steps, group) : await ServerFloor.OfSubmitsAsync(database.Dsn, steps, group);
        var durability = await database.DurabilityAsync();
        Console.WriteLine($"postgres {mode}: {figure:N0} {unit}, the server alone {floor:N0}; {beside} ({steps} steps of 300 bytes, {callers} callers, batches of {batch}, queue {queue}, {durability}; journal of {verdict.Length} events {(verdict.Valid ? "valid" : "BROKEN")}, graph and history on)");
        Console.WriteLine("RESULT " + JsonSerializer.Serialize(new { metric = $"refinery.{mode}", value = figure, unit, ok = verdict.Valid }));
    }

    private static int Setting(string[] settings, int index, int otherwise) => settings.Length > index ? int.Parse(settings[index]) : otherwise;

    private static async Task<(double Figure, string Unit, string Beside)> SubmitAsync(BenchHost host, int steps, int callers, int batch)
    {
        var queue = host.Of<ISteps>();
        await Load.RunAsync(callers, steps / batch / 2, number => SubmitAsync(queue, number * batch, batch));
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var result = await Load.RunAsync(callers, steps / batch, number => SubmitAsync(queue, number * batch, batch));
        var cpu = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / steps;
        var expected = (steps / batch / 2 * batch) + (steps / batch * batch);
        var stored = (await queue.CountAsync(Type, CancellationToken.None)).Waiting;
        return stored == expected
            ? (steps / result.Elapsed.TotalSeconds, "steps/s", $"p50 {result.P50:N1} ms, p99 {result.P99:N1} ms a call; {cpu:N0} µs processor/step")
            : throw new InvalidOperationException($"{stored} steps are stored; {expected} were acknowledged.");
    }

    private static async Task<(double Figure, string Unit, string Beside)> DrainAsync(BenchHost host, int steps, int callers, int batch)
    {
        for (var done = 0; done < steps; done += 1000)
        {
            await SubmitAsync(host.Of<ISteps>(), done, Math.Min(1000, steps - done));
        }

        var runs = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(pod => Task.Run(() => DrainAsync(host, $"pod-{pod}", batch, runs))));
        var elapsed = clock.Elapsed;
        var cpu = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / steps;
        var left = await host.Of<ISteps>().CountAsync(Type, CancellationToken.None);
        return runs.Count == steps && runs.Values.All(times => times == 1) && left.Waiting == 0
            ? (steps / elapsed.TotalSeconds, "steps/s", $"claimed and completed, none lost, none twice; {cpu:N0} µs processor/step")
            : throw new InvalidOperationException($"{runs.Count} of {steps} ran, {runs.Values.Count(times => times > 1)} of them more than once, {left.Waiting} wait.");
    }

    private static async Task DrainAsync(BenchHost host, string pod, int batch, ConcurrentDictionary<string, int> runs)
    {
        var (claims, endings) = (host.Of<StepClaims>(), host.Of<StepEndings>());
        var request = new ClaimRequest(pod, FrozenSet.Create(StringComparer.Ordinal, Type), batch, Start: true);
        while (await claims.ClaimAsync(request, TimeSpan.Zero, CancellationToken.None) is { Count: > 0 } claimed)
        {
            foreach (var step in claimed)
            {
                runs.AddOrUpdate(step.StepId, 1, (_, times) => times + 1);
            }

            await endings.FinishAsync([.. claimed.Select(step => new Reported(step.Holder, StepOutcome.Success("done"), RunFacts.None))], CancellationToken.None);
        }
    }

    private static Task<IReadOnlyList<SubmittedStep>> SubmitAsync(ISteps queue, int first, int count) =>
        queue.SubmitAsync([.. Enumerable.Range(first, count).Select(Step)], CancellationToken.None);

    /// <summary>About 300 bytes of a build, as the other queues get it.</summary>
    private static NewStep Step(int number) => new()
    {
        Type = Type,
        Args = JsonSerializer.SerializeToElement(new
        {
            i = number,
            package = $"numpy-wheel-{number % 997}",
            version = $"1.26.{number % 40}",
            python_tag = "cp312",
            platform_tag = "manylinux_2_28_s390x",
            recipes = new { dnf = Dnf, apt = Apt },
            run_id = $"run-2026-11-21-000{number % 10}",
            priority = number % 5,
            attempt = 0,
            enqueued_at = "2026-11-21T01:24:00.000Z",
        }),
    };
}
