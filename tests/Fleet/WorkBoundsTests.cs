using System.Text.Json;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>What a pod may say has bounds, and what is beyond changes nothing.</summary>
public sealed class WorkBoundsTests
{
    private static readonly string Long = new('x', 4001);

    private static readonly object Artifact = new { kind = new string('x', 101), file_name = "a.whl", sha256 = new string('a', 64), size_bytes = 1 };

    public static TheoryData<string, object, string> Beyond { get; } = new()
    {
        { "/api/steps/claim", new { pod_id = "pod-a", kinds = Kinds(101) }, "'kinds' has 101" },
        { "/api/pods/heartbeat", new { pod_id = "pod-a", kinds = Kinds(101), capacity = 1 }, "'kinds' has 101" },
        { "/api/steps/{step}/complete", new { pod_id = "pod-a", fence = 1, detail = Long }, "'detail' has 4001" },
        { "/api/steps/{step}/fail", new { pod_id = "pod-a", fence = 1, failure_reason = Long }, "'failure_reason' has 4001" },
        { "/api/steps/{step}/complete", new { pod_id = "pod-a", fence = 1, artifacts = new[] { Artifact } }, "'kind'" },
        { "/api/steps/{step}/complete", new { pod_id = "pod-a", fence = 1, artifacts = Enumerable.Repeat(Artifact, 101) }, "'artifacts' has 101" },
        { "/api/steps/complete", new { step_id = "{step}", pod_id = "pod-a", fence = 1, detail = Long }, "'detail' has 4001" },
        { "/api/steps/complete", Enumerable.Repeat(new { step_id = "{step}", pod_id = "pod-a", fence = 1 }, 1001), "1001 reports" },
    };

    [Theory]
    [MemberData(nameof(Beyond))]
    public async Task What_is_beyond_its_bound_is_refused_and_the_step_stays_held(string path, object body, string says)
    {
        await using var host = await RefineryHost.StartAsync();
        var stepId = await host.SubmitAsync();
        await host.ClaimAsync("pod-a");

        var detail = await host.PostRefusedAsync(path.Replace("{step}", stepId, StringComparison.Ordinal), JsonSerializer.Serialize(body).Replace("{step}", stepId, StringComparison.Ordinal));

        Assert.Contains(says, detail, StringComparison.Ordinal);
        Assert.Equal("claimed", await host.StatusAsync(stepId));
    }

    private static IEnumerable<string> Kinds(int count) => Enumerable.Range(0, count).Select(index => $"kind-{index}");
}
