using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Looks whether everything asked for by <c>--kinds</c> has a handler here.</summary>
internal sealed class KindsCheck(WorkerKinds kinds, HandlerTable handlers) : ISmokeCheck
{
    public string Name => "kinds";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) => Task.FromResult(
        kinds.All.FirstOrDefault(kind => !handlers.Types.Contains(kind, StringComparer.Ordinal)) is { } stranger
            ? $"--kinds names {Errors.Quote(stranger)}, which has no handler here; found: {string.Join(", ", handlers.Types.Order(StringComparer.Ordinal))}."
            : null);
}
