using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>The step types this worker takes: those asked for, else all that have a handler here.</summary>
internal sealed class WorkerKinds(IOptions<WorkerOptions> options, HandlerTable handlers)
{
    public IReadOnlyList<string> All { get; } =
        options.Value.KindList is { Count: > 0 } wanted ? wanted : [.. handlers.Types.Order(StringComparer.Ordinal)];
}
