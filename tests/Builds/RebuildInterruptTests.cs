namespace Refinery.Tests.Builds;

/// <summary>Ctrl-C ends a rebuild and everything it started.</summary>
public sealed class RebuildInterruptTests : IDisposable
{
    private const string Endless = """
        import os, subprocess, sys, time
        subprocess.Popen([sys.executable, '-c', "import time\nwhile True: time.sleep(1)  # yard-endless"])
        open(os.environ['HOME'] + '/../../../started', 'w').close()
        while True: time.sleep(1)
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Its_children_end_no_folder_is_left_and_the_exit_code_says_so()
    {
        SourceArchive.WriteRunning(folder.File("sources"), "yardendless", Endless);
        await File.WriteAllTextAsync(folder.File("requirements.txt"), "yardpure==1.0\nyardendless==1.0\n");
        SourceArchive.WritePure(folder.File("sources"), "yardpure");
        // A test run in the background of a script inherits an ignored SIGINT, and .NET respects that.
        await using var run = HostRun.StartProgram(
            folder,
            "env",
            [
                "--default-signal=INT", "dotnet", Paths.HostProgram,
                "rebuild", "requirements.txt", "--no-index", "--find-links", DebianPython.Wheels, "--find-links", "sources", "--out", "out",
            ],
            ("BUILD_PYTHON", DebianPython.Program), ("RECIPES", "suggest"));
        await Wait.UntilAsync(() => Task.FromResult(File.Exists(folder.File("data/started")) && run.Output.Contains("built     yardpure", StringComparison.Ordinal)));
        Assert.NotEmpty(Children());

        run.Interrupt();
        var code = await run.ExitAsync();

        Assert.Equal(130, code);
        Assert.Equal("Stopped; nothing half-built was kept. 1 of 2 done; run the same command to go on.", run.Errors.Trim());
        Assert.Empty(Children());
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.File("data/work")));
        Assert.Equal(["manifest.json", "yardpure-1.0-py3-none-any.whl"], Directory.GetFileSystemEntries(folder.File("out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        await AssertNothingWaitsAsync();
    }

    /// <summary>The next host over the same data finds the build cancelled, not waiting.</summary>
    private async Task AssertNothingWaitsAsync()
    {
        await using var next = HostRun.Start(folder, []);
        using var http = new HttpClient { BaseAddress = await next.ReadyAsync() };

        Assert.Contains("\"length\":0", await http.GetStringAsync("/api/queue/stats"), StringComparison.Ordinal);
        Assert.Contains("\"status\":\"cancelled\"", await http.GetStringAsync("/api/event/yardendless/1.0"), StringComparison.Ordinal);
        next.Terminate();
        await next.ExitAsync();
    }

    /// <summary>The processes whose environment names this test's folder and that are not the host itself.</summary>
    private List<string> Children() =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), out _))
            .Where(process => Read(process, "environ").Contains($"HOME={folder.File("data")}", StringComparison.Ordinal)),
    ];

    private static string Read(string process, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, file));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
