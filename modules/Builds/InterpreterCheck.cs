using Refinery.Builds.Processes;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>The target's interpreter runs, and its pip, which is the build command.</summary>
internal sealed class InterpreterCheck(TargetInterpreter interpreter) : ISmokeCheck
{
    public string Name => "interpreter";

    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        try
        {
            await interpreter.AskAsync(cancellationToken);
            await interpreter.PipVersionAsync(cancellationToken);
            return null;
        }
        catch (ChildStartException fault)
        {
            return fault.Message;
        }
    }
}
