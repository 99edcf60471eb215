namespace Refinery.Kernel.Work;

/// <summary>The variables of the environment this process was started in, for the programs it starts. The host reads them once.</summary>
/// <remarks>Settings of Refinery itself are options and not read here. Safe to use from many threads at once.</remarks>
/// <param name="variables">Names, with upper and lower case told apart, and values.</param>
public sealed class ProcessEnvironment(IReadOnlyDictionary<string, string> variables)
{
    /// <summary>The value of a variable.</summary>
    /// <param name="name">For example <c>PATH</c>.</param>
    /// <returns>Null when it is not set.</returns>
    public string? this[string name] => variables.GetValueOrDefault(name);
}
