namespace Refinery.Bench;

/// <summary>From nothing to the first answer, and what the host holds when it idles.</summary>
internal static class Start
{
    public static async Task RunAsync(string[] settings)
    {
        var rounds = settings.Length > 0 ? int.Parse(settings[0]) : 5;
        var starts = new List<double>();
        var memory = 0.0;
        for (var round = 0; round < rounds; round++)
        {
            await using var host = await HostProcess.StartAsync();
            using var answer = await host.Http.GetAsync("/api/health");
            answer.EnsureSuccessStatusCode();
            starts.Add(host.Age.TotalMilliseconds);
            await Task.Delay(TimeSpan.FromSeconds(3));
            memory = Math.Max(memory, host.ResidentMegabytes);
        }

        starts.Sort();
        Console.WriteLine($"start: median {starts[rounds / 2]:N0} ms, slowest {starts[^1]:N0} ms to the first answer; idle {memory:N0} MB resident (empty data directory, {rounds} starts)");
    }
}
