using Microsoft.Extensions.Options;
using Refinery.Builds.Index;

namespace Refinery.Builds;

/// <summary>Where this process takes sources from: what its options say and, in a rebuild, what the requirements file adds.</summary>
internal sealed class SourcesInForce(IOptions<BuildOptions> options)
{
    private IndexSettings current = IndexSettings.Of(options.Value);

    public IndexSettings Current
    {
        get => Volatile.Read(ref current);
        set => Volatile.Write(ref current, value);
    }
}
