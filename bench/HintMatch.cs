using System.Diagnostics;
using System.Text;
using Refinery.Hints;

namespace Refinery.Bench;

/// <summary>How long the whole catalogue takes over a log of 5 MiB: a quiet one, two that speak of what the hints look for, one that fails.</summary>
internal static class HintMatch
{
    private const int Rounds = 100;

    private static readonly string[] QuietLines =
    [
        "x86_64-linux-gnu-gcc -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall -fPIC -I/usr/include/python3.11 -c src/module_{0}.c -o build/temp/src/module_{0}.o",
        "copying src/package/sub_{0}/__init__.py -> build/lib.linux-x86_64-cpython-311/package/sub_{0}",
        "src/module_{0}.c:{0}:17: warning: unused variable 'result' [-Wunused-variable]",
        "  [{0}/4096] Building CXX object CMakeFiles/core.dir/src/kernel_{0}.cpp.o",
        "checking whether the compiler supports option {0}... yes",
        "running build_ext step {0}",
    ];

    /// <summary>Measures each kind of log and prints one line a kind.</summary>
    public static async Task RunAsync(string[] args)
    {
        var seeds = SeedCatalogue.Read();
        var matcher = new HintMatcher(seeds.Select(seed => seed.ToHint()), TimeProvider.System);
        foreach (var (kind, lines) in new (string, IReadOnlyList<string>)[]
        {
            ("quiet", QuietLines),
            ("mentions", [.. QuietLines, .. seeds.Select(seed => seed.NearMiss)]),
            ("only mentions", [.. seeds.Select(seed => seed.NearMiss)]),
            ("failing", [.. Enumerable.Repeat(QuietLines, 2_000).SelectMany(lines => lines), .. seeds.Where(seed => seed.Id is "hint-libffi" or "hint-c-compiler" or "hint-disk-full").Select(seed => seed.Example)]),
        })
        {
            await Console.Out.WriteLineAsync(Measure(matcher, seeds.Count, kind, Log(lines)));
        }
    }

    private static string Measure(HintMatcher matcher, int hints, string kind, string log)
    {
        var first = Stopwatch.StartNew();
        var matched = matcher.Match(log, package: null).Count;
        var cold = first.Elapsed.TotalMilliseconds;
        var times = new double[Rounds];
        var busy = Environment.CpuUsage.TotalTime;
        for (var round = 0; round < Rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            matcher.Match(log, package: null);
            times[round] = watch.Elapsed.TotalMilliseconds;
        }

        busy = Environment.CpuUsage.TotalTime - busy;
        Array.Sort(times);
        return $"hint-match log={kind} chars={log.Length} hints={hints} matched={matched} rounds={Rounds}: "
            + $"first {cold:F1} ms, p50 {times[Rounds / 2]:F1} ms, p95 {times[Rounds * 95 / 100]:F1} ms, most {times[^1]:F1} ms, processor {busy.TotalMilliseconds / Rounds:F1} ms a round";
    }

    private static string Log(IReadOnlyList<string> lines)
    {
        var log = new StringBuilder(HintMatcher.MaxLogLength);
        for (var number = 0; log.Length < HintMatcher.MaxLogLength; number++)
        {
            log.Append(lines[number % lines.Count].Replace("{0}", number.ToString(), StringComparison.Ordinal)).Append('\n');
        }

        return log.ToString(0, HintMatcher.MaxLogLength);
    }
}
