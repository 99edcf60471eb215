using System.Diagnostics;

namespace Refinery.Tests.Builds;

/// <summary>Runs a program of the machine.</summary>
internal static class Tool
{
    /// <summary>Runs it and expects that it succeeds.</summary>
    /// <returns>What it wrote to standard output.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output) = await TryAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }

    /// <summary>Runs it.</summary>
    /// <returns>The exit code, and standard output followed by standard error.</returns>
    public static async Task<(int Code, string Output)> TryAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DEBIAN_FRONTEND"] = "noninteractive", ["LC_ALL"] = "C.UTF-8", ["PYTHONPATH"] = null, ["PYTHONHOME"] = null },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
