using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>A memory limit that is asked for can be set.</summary>
internal sealed class MemoryLimitCheck(BuildEnvironment environment, IOptions<BuildOptions> options) : ISmokeCheck
{
    public string Name => "memory_limit";

    public Task<string?> FaultAsync(CancellationToken cancellationToken) => Task.FromResult(
        options.Value.Runner == "process" ? FaultOf(options.Value, environment.SearchPath) : null);

    /// <summary>Why a build as a process would run without the limit that is set; null when it would not.</summary>
    public static string? FaultOf(BuildOptions options, string path) => options.MemoryMegabytes > 0 && Programs.Find("prlimit", path) is null
        ? $"BUILD_MEMORY_MB is {options.MemoryMegabytes}, but prlimit is not installed: builds run without a memory limit."
        : null;
}
