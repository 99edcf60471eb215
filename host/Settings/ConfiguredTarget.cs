using Refinery.Kernel.Work;

namespace Refinery.Host.Settings;

/// <summary>The build target as it is set, for a host without the Builds module.</summary>
internal sealed class ConfiguredTarget(IConfiguration configuration) : IBuildTarget
{
    public Task<BuildTarget> FindAsync(CancellationToken cancellationToken) => Task.FromResult(new BuildTarget(
        configuration["STRATEGY"] ?? "pinned",
        configuration["TARGET_PYTHON"],
        configuration["TARGET_PLATFORM"],
        configuration["NO_INDEX"] == "1" ? null : configuration["INDEX_URL"] ?? "https://index.example/simple",
        Words(configuration["EXTRA_INDEX_URLS"]),
        Words(configuration["FIND_LINKS"])));

    private static string[] Words(string? text) => (text ?? string.Empty).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
