using System.Diagnostics;

namespace Refinery.Bench;

/// <summary>The real host as a process of its own, on a free loopback port and an empty data directory on disk.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly string folder;
    private readonly Stopwatch age;

    private HostProcess(Process process, string folder, Uri address, Stopwatch age)
    {
        this.process = process;
        this.folder = folder;
        this.age = age;
        Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1024, UseCookies = false }) { BaseAddress = address };
    }

    public HttpClient Http { get; }

    /// <summary>Since the process was asked for.</summary>
    public TimeSpan Age => age.Elapsed;

    /// <summary>The embedded database's file.</summary>
    public string DatabasePath => Path.Combine(folder, "refinery.db");

    /// <summary>The journal's file.</summary>
    public string JournalPath => Path.Combine(folder, "journal.ndjson");

    /// <summary>Resident memory in MB.</summary>
    public double ResidentMegabytes => ReadResident(process.Id);

    /// <summary>Processor time the host has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts the host of this bench's own build configuration; settings are <c>NAME=value</c>.</summary>
    public static async Task<HostProcess> StartAsync(params string[] settings)
    {
        var data = Directory.CreateTempSubdirectory("refinery-bench-").FullName;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in new[] { Path.Combine(OutputOf("host"), "refinery.dll"), "--urls", "http://127.0.0.1:0" })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DATA_DIR"] = data;
        foreach (var setting in settings)
        {
            var (name, value) = setting.Split('=', 2) switch { [var left, var right] => (left, right), _ => (setting, string.Empty) };
            start.Environment[name] = value;
        }

        var watch = Stopwatch.StartNew();
        var started = Process.Start(start) ?? throw new InvalidOperationException("The host did not start.");
        while (await started.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("Refinery is ready on ", StringComparison.Ordinal))
            {
                _ = started.StandardOutput.ReadToEndAsync();
                return new HostProcess(started, data, new Uri(line["Refinery is ready on ".Length..]), watch);
            }
        }

        throw new InvalidOperationException("The host ended before it was ready.");
    }

    /// <summary>Ends the process and keeps its folder, for commands.</summary>
    public async Task StopAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Runs a command of the host's program over the folder.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> CommandAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(OutputOf("host"), "refinery.dll"), .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["DATA_DIR"] = folder;
        using var command = Process.Start(start) ?? throw new InvalidOperationException("The command did not start.");
        var told = await command.StandardOutput.ReadToEndAsync();
        await command.WaitForExitAsync();
        return command.ExitCode == 0 ? told : throw new InvalidOperationException($"{arguments[0]} ended with {command.ExitCode}: {told}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await StopAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The output folder of a project, in this bench's own build configuration.</summary>
    public static string OutputOf(string project)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent?.Name ?? "Release";
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Refinery.sln")))
        {
            root = root.Parent;
        }

        return Path.Combine(root?.FullName ?? ".", project, "bin", configuration, "net10.0");
    }

    private static double ReadResident(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }
}
