using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>What wheels are built for: what is set, and for the rest what the local interpreter says.</summary>
internal sealed class ConfiguredTarget(TargetInterpreter interpreter, SourcesInForce sources, IOptions<BuildOptions> options) : IBuildTarget
{
    public async Task<BuildTarget> FindAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var (python, platform) = await AskAsync(settings, cancellationToken);
        var index = sources.Current;
        var root = index.NoIndex ? null : index.IndexUrl ?? await interpreter.DefaultIndexAsync(cancellationToken);
        return new BuildTarget(settings.Strategy, python, platform, root, index.ExtraIndexUrls, index.FindLinks);
    }

    private async Task<(string? Python, string? Platform)> AskAsync(BuildOptions settings, CancellationToken cancellationToken)
    {
        if (settings is { TargetPython: not null, TargetPlatform: not null })
        {
            return (settings.TargetPython, settings.TargetPlatform);
        }

        try
        {
            var local = await interpreter.AskAsync(cancellationToken);
            return (local.PythonTag, local.PlatformTag);
        }
        catch (ChildStartException)
        {
            // Without an interpreter here, workers elsewhere still build for what is set; the smoke check names the fault.
            return (settings.TargetPython, settings.TargetPlatform);
        }
    }
}
