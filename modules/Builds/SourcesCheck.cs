using Refinery.Builds.Index;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Sources can be had: every index answers and every folder of FIND_LINKS is there.</summary>
internal sealed class SourcesCheck(SdistSource source, SourcesInForce sources) : ISmokeCheck
{
    public string Name => "sources";

    public async Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        if (sources.Current is { NoIndex: true, FindLinks.Count: 0 })
        {
            return "There is nowhere to take sources from: NO_INDEX is 1 and FIND_LINKS is empty.";
        }

        try
        {
            // Any name will do: an index without it answers 404, which is an answer.
            await source.ListAsync("pip", cancellationToken);
            return null;
        }
        catch (IndexException fault)
        {
            return fault.Message;
        }
    }
}
