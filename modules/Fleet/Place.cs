using System.Text.Json;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>Where a step queues: in the line of its type and priority, on account of its owner.</summary>
/// <param name="Owner">Empty for steps that name none.</param>
internal sealed record Place(string Type, long Priority, string Owner)
{
    private const int LongestOwner = 200;

    /// <summary>The owner is <c>metadata.owner</c>, else <c>metadata.third_party_id</c>; names that begin with the same 200 characters are one.</summary>
    public static Place Of(string type, long priority, JsonElement metadata)
    {
        var owner = metadata.TextMember("owner") ?? metadata.TextMember("third_party_id") ?? string.Empty;
        return new Place(type, priority, owner[..TextCut.At(owner, LongestOwner)]);
    }

    public static Place Of(StepRow step) => Of(step.Type, step.Priority, StepJson.Parse(step.Metadata));
}
