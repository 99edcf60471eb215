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
    private string? defaultIndex;
    private bool isDefaultIndexKnown;

    /// <summary>What the interpreter says about itself, with TARGET_PYTHON and TARGET_PLATFORM where they are set.</summary>
    /// <exception cref="ChildStartException">There is no such interpreter, or it does not answer; one sentence.</exception>
    public async Task<InterpreterInfo> AskAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            return known ??= InterpreterInfo.Parse(await RunAsync(["-c", InterpreterInfo.Script], cancellationToken)).For(options.Value.TargetPython, options.Value.TargetPlatform);
        }
        catch (FormatException fault)
        {
            throw new ChildStartException($"The interpreter '{options.Value.PythonProgram}' does not describe itself; Python 3 is expected.", fault);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The index that the interpreter's own pip asks when nothing else is said; null when it has no pip.</summary>
    public async Task<string?> DefaultIndexAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            if (!isDefaultIndexKnown)
            {
                defaultIndex = await AskDefaultIndexAsync(cancellationToken);
                isDefaultIndexKnown = true;
            }

            return defaultIndex;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Asks the interpreter's pip for its version, every time anew.</summary>
    /// <exception cref="ChildStartException">The interpreter or its pip does not run; one sentence.</exception>
    public Task<string> PipVersionAsync(CancellationToken cancellationToken) => RunAsync(["-m", "pip", "--version"], cancellationToken);

    public void Dispose() => one.Dispose();

    private async Task<string?> AskDefaultIndexAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(["-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"], cancellationToken);
        }
        catch (ChildStartException)
        {
            return null;
        }
    }

    /// <summary>Runs the interpreter.</summary>
    /// <returns>The last line it prints.</returns>
    private async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var work = WorkFolder.Create(Path.Combine(data.Path, "work"), "interpreter", Ids.RandomHex(8));
        var last = string.Empty;
        var program = options.Value.PythonProgram;
        var command = new ChildCommand(program, arguments, work.Path, environment.Of(work)) { TimeLimit = Limit };
        var exit = await children.RunAsync(command, line => Keep(out last, line), work, cancellationToken);
        return exit.Succeeded ? last : throw new ChildStartException($"The interpreter '{program}' does not run: {last}");
    }

    private static ValueTask Keep(out string last, string line)
    {
        last = line;
        return ValueTask.CompletedTask;
    }
}
