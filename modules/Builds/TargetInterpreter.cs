using Microsoft.Extensions.Options;
using Refinery.Builds.Packages;
using Refinery.Builds.Processes;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The interpreter that builds run with; asked once who it is.</summary>
internal sealed class TargetInterpreter(
    ChildProcess children, BuildEnvironment environment, IOptions<BuildOptions> options, IDataDirectory data) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim one = new(1);
    private InterpreterInfo? known;

    /// <summary>What the interpreter says about itself, with TARGET_PYTHON and TARGET_PLATFORM where they are set.</summary>
    /// <exception cref="ChildStartException">There is no such interpreter, or it does not answer; one sentence.</exception>
    public async Task<InterpreterInfo> AskAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            return known ??= await RunAsync(cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    private async Task<InterpreterInfo> RunAsync(CancellationToken cancellationToken)
    {
        using var work = WorkFolder.Create(Path.Combine(data.Path, "work"), "interpreter", Ids.RandomHex(8));
        var lines = new List<string>();
        var program = options.Value.PythonProgram;
        var command = new ChildCommand(program, ["-c", InterpreterInfo.Script], work.Path, environment.Of(work)) { TimeLimit = Limit };
        var exit = await children.RunAsync(command, line => Keep(lines, line), work, cancellationToken);
        return exit.Succeeded
            ? WithTarget(InterpreterInfo.Parse(lines[^1]))
            : throw new ChildStartException($"The interpreter '{program}' does not run: {lines.LastOrDefault() ?? "it says nothing"}.");
    }

    private InterpreterInfo WithTarget(InterpreterInfo info) => info with
    {
        PythonTag = options.Value.TargetPython ?? info.PythonTag,
        PlatformTag = options.Value.TargetPlatform ?? info.PlatformTag,
    };

    private static ValueTask Keep(List<string> lines, string line)
    {
        lines.Add(line);
        return ValueTask.CompletedTask;
    }
}
