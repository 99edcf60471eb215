using Refinery.Contract;

namespace Refinery.Kernel.Work;

/// <summary>The step types this process can run.</summary>
/// <param name="handlers">One for each type.</param>
public sealed class HandlerTable(IEnumerable<IStepHandler> handlers)
{
    private readonly Dictionary<string, IStepHandler> byType = handlers.ToDictionary(handler => handler.Type, StringComparer.Ordinal);

    /// <summary>The types, in no order.</summary>
    public IReadOnlyCollection<string> Types => byType.Keys;

    /// <summary>The handler of a type.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <exception cref="KeyNotFoundException">It is none of them.</exception>
    public IStepHandler Of(string type) => byType[type];
}
