using Microsoft.Extensions.Options;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>What wheels are built for and from, as the settings and the interpreter have it.</summary>
internal sealed class BuildTargetView(TargetInterpreter interpreter, IOptions<BuildOptions> options) : IBuildTarget
{
    public async Task<BuildTarget> FindAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var python = await interpreter.TryAskAsync(cancellationToken);
        return new BuildTarget(
            settings.Strategy,
            python?.PythonTag ?? settings.TargetPython,
            python?.PlatformTag ?? settings.TargetPlatform,
            settings.NoIndex == "1" ? null : settings.IndexUrl ?? await interpreter.DefaultIndexAsync(cancellationToken),
            settings.ExtraIndexList,
            settings.FindLinksList);
    }
}
