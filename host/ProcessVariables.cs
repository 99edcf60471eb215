using System.Collections;
using Refinery.Kernel.Work;

namespace Refinery.Host;

/// <summary>Reads the environment this process was started in.</summary>
internal static class ProcessVariables
{
    public static ProcessEnvironment Read() => new(
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => variable.Value as string ?? string.Empty, StringComparer.Ordinal));
}
