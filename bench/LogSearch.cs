using System.Diagnostics;
using System.Text;
using Refinery.Logs;

namespace Refinery.Bench;

/// <summary>Takes in generated build logs and searches them: <c>logs [megabytes = 1024] [callers = 4]</c>.</summary>
internal static class LogSearch
{
    private const int Rounds = 200;
    private const int PageSize = 50;

    public static async Task RunAsync(string[] args)
    {
        var megabytes = args.Length > 0 ? int.Parse(args[0]) : 1024;
        var callers = args.Length > 1 ? int.Parse(args[1]) : 4;
        var folder = Directory.CreateTempSubdirectory("refinery-bench-logs-").FullName;
        try
        {
            using var archive = LogArchive.Open(folder);
            var rare = await TakeInAsync(archive, folder, megabytes, callers);
            Search(archive, "literal rare", [.. rare.Select(text => new LiteralPattern(text))]);
            Search(archive, "literal common", Literals("warning: ", "gcc -fno-strict", "subprocess exited with 2", "implicit declaration of function"));
            Search(archive, "literal absent", [.. Enumerable.Range(0, Rounds).Select(seed => new LiteralPattern(new BuildLogText(-seed - 1).Word(8, 12)))]);
            Search(archive, "literal of 4 letters, absent", Literals("Qzjx", "~q^w", "Xx9Z", "@@k#"));
            Search(archive, "literal of 3 letters, absent", Literals("Qzj", "~q^", "Xx9", "@k#"));
            using var process = Process.GetCurrentProcess();
            Console.WriteLine($"logs: memory held {GC.GetTotalMemory(forceFullCollection: true) >> 20} MB managed, {process.WorkingSet64 >> 20} MB working set with the mapped index");
            Search(archive, "regex, literal rare", [.. rare.Select(text => Regex($"{System.Text.RegularExpressions.Regex.Escape(text)}.*$"))]);
            Search(archive, "regex, literal common", [Regex(@"warning: .* '[a-z]+_x[a-z]+'"), Regex(@"error: subprocess exited with [12]: (\w+ ){3}at 0[0-9a-f]+")]);
            Search(archive, "regex, literal common, absent", [Regex(@"warning: .* '[a-z]+_QQ[a-z]+'"), Regex(@"gcc .* -O9")]);
            Search(archive, "regex without literal", [Regex(@"[a-z]{9}_[a-z]{9} = [a-z]+"), Regex(@"\d{4}:\d\d: [wW]")]);
            Search(archive, "regex without literal, absent", [Regex(@"[A-Z]{5}\d[A-Z]{5}")]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<List<string>> TakeInAsync(LogArchive archive, string folder, int megabytes, int callers)
    {
        var rare = new List<string>();
        long taken = 0;
        var watch = new Stopwatch();
        var processor = TimeSpan.Zero;
        for (var batch = 0; taken < (long)megabytes << 20; batch++)
        {
            // Made before the clock runs: what is measured is the taking in.
            var logs = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => Logs((batch * callers) + caller))));
            watch.Start();
            processor -= ProcessorTime();
            await Task.WhenAll(logs.Select((mine, caller) => Task.Run(() => AddAsync(archive, Path.Combine(folder, $"draft-{caller}"), mine))));
            watch.Stop();
            processor += ProcessorTime();
            taken += logs.Sum(mine => mine.Sum(log => (long)log.Length));
            rare.Add(BuildLogText.RarePart(Encoding.ASCII.GetString(logs[0].MaxBy(log => log.Length) ?? [])) ?? throw new InvalidOperationException("The longest log of a batch has no rare part."));
        }

        var files = new DirectoryInfo(folder).GetFiles();
        var text = files.Where(file => file.Extension == ".segment").Sum(file => file.Length);
        var index = files.Where(file => file.Extension == ".index").Sum(file => file.Length);
        var sealedText = files.Where(file => file.Extension == ".index").Sum(file => new FileInfo(Path.ChangeExtension(file.FullName, ".segment")).Length);
        Console.WriteLine($"logs: {text >> 20} MB of logs of 2 to 400 KB, {callers} callers, fsync on: ingest {taken / 1e6 / watch.Elapsed.TotalSeconds:F0} MB/s ({taken / 1e6 / processor.TotalSeconds:F0} MB a second of processor time), index {100.0 * index / sealedText:F1} % of the text");
        return rare;
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static List<byte[]> Logs(int seed)
    {
        var random = new Random(seed);
        var writer = new BuildLogText(seed);
        return [.. Enumerable.Range(0, 40).Select(_ => writer.Next(random))];
    }

    private static async Task AddAsync(LogArchive archive, string path, List<byte[]> logs)
    {
        foreach (var log in logs)
        {
            using var draft = new LogDraft(path);
            draft.Append(log);
            _ = draft.Sha256;
            await archive.AddAsync(draft);
        }
    }

    private static void Search(LogArchive archive, string name, ILinePattern[] patterns)
    {
        var times = new List<double>();
        var processor = ProcessorTime();
        var found = 0;
        var cut = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            var budget = new SearchBudget(TimeProvider.System, TimeSpan.FromMilliseconds(250), bytes: 4L << 30);
            found += new TextSearch(archive.Segments, patterns[round % patterns.Length], budget).Newest().Take(PageSize).Count();
            cut += budget.IsSpent ? 1 : 0;
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        Console.WriteLine($"logs: {name}: p50 {times[Rounds / 2]:F2} ms, p95 {times[Rounds * 95 / 100]:F2} ms, max {times[^1]:F2} ms, {(ProcessorTime() - processor).TotalMilliseconds / Rounds:F2} ms processor; {(double)found / Rounds:F1} logs a page of {PageSize}, {cut} of {Rounds} cut by the time limit");
    }

    private static ILinePattern[] Literals(params string[] literals) => [.. literals.Select(literal => new LiteralPattern(literal))];

    private static RegexPattern Regex(string pattern) =>
        RegexPattern.TryCreate(pattern, out var fault) ?? throw new ArgumentException(fault);
}
