using System.Diagnostics;
using System.Text;

namespace Refinery.Tests;

/// <summary>A python3 that answers each line it is given with one line.</summary>
internal static class PythonChild
{
    /// <summary>Runs a script that maps standard input to standard output line by line.</summary>
    public static async Task<IReadOnlyList<string>> MapAsync(string script, IReadOnlyList<string> lines)
    {
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var start = new ProcessStartInfo("python3")
        {
            ArgumentList = { "-c", script },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = encoding,
            StandardOutputEncoding = encoding,
            Environment = { ["PYTHONIOENCODING"] = "utf-8" },
        };
        using var python = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start.");
        var answers = python.StandardOutput.ReadToEndAsync();
        foreach (var line in lines)
        {
            await python.StandardInput.WriteAsync(line + "\n");
        }

        python.StandardInput.Close();
        var text = await answers;
        await python.WaitForExitAsync();
        Assert.Equal(0, python.ExitCode);
        return text.TrimEnd('\n').Split('\n');
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code, and what it wrote to both outputs.</returns>
    public static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return (python.ExitCode, output + await errors);
    }
}
