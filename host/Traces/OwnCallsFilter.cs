using System.Diagnostics;
using OpenTelemetry;

namespace Refinery.Host.Traces;

/// <summary>Leaves out calls of our own that belong to no trace: each claim, heartbeat and look into the database would begin one.</summary>
internal sealed class OwnCallsFilter : BaseProcessor<Activity>
{
    /// <summary>Before the call's headers are written, so that whoever is called leaves his part out too.</summary>
    public override void OnStart(Activity data)
    {
        if (data is { Kind: ActivityKind.Client, ParentId: null })
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            data.IsAllDataRequested = false;
        }
    }
}
