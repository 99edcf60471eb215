using System.Text.Json;
using Refinery.Kernel.Storage;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Fleet;

/// <summary>Leads one step through its life and notes after each act what is said of it, to ask for it again once it has gone on.</summary>
internal sealed class PastStepWatch
{
    private readonly RefineryHost host;
    private readonly List<(string At, string Status, string Answer)> noted;

    private PastStepWatch(RefineryHost host, string stepId, List<(string At, string Status, string Answer)> noted) => (this.host, StepId, this.noted) = (host, stepId, noted);

    public string StepId { get; }

    /// <summary>Who claimed it last.</summary>
    public string? PodId { get; private set; }

    public long Fence { get; private set; }

    public static async Task<PastStepWatch> SubmitAsync(RefineryHost host, object? step = null) => await OfAsync(host, await host.SubmitAsync(step));

    public static async Task<PastStepWatch> OfAsync(RefineryHost host, string stepId)
    {
        var watch = new PastStepWatch(host, stepId, []);
        await watch.NoteAsync();
        return watch;
    }

    /// <summary>The same step in a host that has its journal.</summary>
    public PastStepWatch In(RefineryHost other) => new(other, StepId, noted);

    public Task ClaimAsync(bool start = false) => DoAsync(async () =>
    {
        PodId = $"pod-{Fence + 1}";
        var claim = Assert.Single((await host.PostAsync(
            "/api/steps/claim", new { pod_id = PodId, kinds = new[] { FleetCalls.Elsewhere }, max = 1, wait_seconds = 5, start })).EnumerateArray());
        Fence = claim.GetProperty("fence").GetInt64();
    });

    /// <summary>Says something of the step by the work protocol.</summary>
    public Task TellAsync(string what, object? facts = null) => DoAsync(() =>
    {
        var body = JsonSerializer.SerializeToNode(facts ?? new { })!;
        (body["pod_id"], body["fence"]) = (PodId, Fence);
        return host.PostAsync($"/api/steps/{StepId}/{what}", body);
    });

    public async Task DoAsync(Func<Task> act)
    {
        await act();
        await NoteAsync();
    }

    public Task<JsonElement> NowAsync() => host.GetAsync($"/api/steps/{StepId}");

    /// <summary>Asks for every instant noted again.</summary>
    /// <param name="statuses">What the step was after each act.</param>
    public async Task AssertAsync(params string[] statuses)
    {
        Assert.Equal(statuses, noted.Select(note => note.Status));
        foreach (var (at, _, answer) in noted)
        {
            Assert.Equal(answer, await ThenAsync(at));
        }
    }

    /// <summary>What the journal tells is what the step's row, and with it /status, says.</summary>
    private async Task NoteAsync()
    {
        var (now, status, row) = (await NowAsync(), await host.GetAsync($"/status/{StepId}"), await host.RowAsync(StepId));
        foreach (var (member, stated) in new[]
        {
            ("updated_at", "last_update_ts"), ("created_at", "created_ts"), ("retry_count", "retry_count"), ("max_retries", "max_retries"), ("priority", "priority"), ("detail", "detail"), ("not_before", "not_before"),
        })
        {
            Assert.Equal((member, Raw(status, stated)), (member, Raw(now, member)));
        }

        var payload = status.GetProperty("payload");
        Assert.Equal((Raw(payload, "type"), Raw(payload, "args"), Raw(payload, "metadata")), (Raw(now, "type"), Raw(now, "args"), Raw(now, "metadata")));
        Assert.Equal((row.Status, (int)row.Attempts), (now.GetProperty("status").GetString(), now.GetProperty("attempts").GetArrayLength()));
        if (row.ClaimedBy is { } holder)
        {
            Assert.Equal(holder, now.GetProperty("pod_id").GetString());
        }

        var at = Instant.Format(row.UpdatedAt);
        Assert.Equal(now.GetRawText(), await ThenAsync(at));
        noted.Add((at, row.Status, now.GetRawText()));
    }

    /// <summary>The answer at an instant, but for the instant.</summary>
    private async Task<string> ThenAsync(string at)
    {
        var answer = (await host.GetAsync($"/api/steps/{StepId}?at={at}")).GetRawText();
        var asked = $",\"at\":\"{at}\"}}";
        Assert.EndsWith(asked, answer, StringComparison.Ordinal);
        return $"{answer[..^asked.Length]}}}";
    }

    private static string? Raw(JsonElement owner, string member) => owner.TryGetProperty(member, out var value) ? value.GetRawText() : null;
}
