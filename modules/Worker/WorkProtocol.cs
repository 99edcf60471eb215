using System.Net.Http.Headers;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>The work protocol as a worker speaks it. Every call may throw <see cref="ServerAwayException"/>: try again.</summary>
internal sealed class WorkProtocol(ServerConnection server)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    /// <summary>Beyond its wait a renewal gets no more: the lease runs meanwhile, and the next renewal may get through.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    /// <summary>Takes steps and starts them, waiting for a first one.</summary>
    public async Task<IReadOnlyList<ClaimedStep>> ClaimAsync(string podId, IReadOnlyList<string> kinds, int max, CancellationToken cancellationToken)
    {
        var ask = new ClaimWords(podId, kinds, max, Wait.TotalSeconds, Start: true);
        var answer = await server.PostAsync("api/steps/claim", ask, Wait + Short, cancellationToken);
        return answer.IsGood ? answer.Read<List<ClaimedStep>>() : throw new ServerAwayException($"The server refused to hand out steps: {answer.Detail}");
    }

    /// <summary>Prolongs a lease and waits until the step is cancelled or the time is up.</summary>
    /// <returns>False when the step is cancelled or not the pod's any more: stop it.</returns>
    public async Task<bool> RenewAsync(Holder held, TimeSpan wait, CancellationToken cancellationToken)
    {
        var longest = wait < Wait ? wait : Wait;
        var words = new RenewWords(held.PodId, held.Fence, longest.TotalSeconds);
        var answer = await server.PostAsync(StepPath(held.StepId, "renew"), words, longest + Late, cancellationToken);
        return answer.IsGood && !answer.Read<HeldWords>().CancelRequested;
    }

    public Task<Answer> BeatAsync(BeatWords beat, CancellationToken cancellationToken) => server.PostAsync("api/pods/heartbeat", beat, Short, cancellationToken);

    /// <summary>Reports what came of a step.</summary>
    /// <param name="kind"><c>complete</c>, <c>fail</c> or <c>release</c>.</param>
    public Task<Answer> ReportAsync(string stepId, string kind, object words, CancellationToken cancellationToken) =>
        server.PostAsync(StepPath(stepId, kind), words, Short, cancellationToken);

    public Task<Answer> MatchHintsAsync(MatchWords words, CancellationToken cancellationToken) =>
        server.PostAsync("api/hints/match", words, Short + Wait, cancellationToken);

    public async Task<Answer> StatusAsync(string stepId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"status/{Uri.EscapeDataString(stepId)}");
        return await server.SendAsync(request, Short, cancellationToken);
    }

    /// <summary>Sends a log as the content yields it, for as long as the claim is the pod's.</summary>
    public async Task<Answer> SendLogAsync(LogKey key, Holder claim, HttpContent content, CancellationToken cancellationToken)
    {
        var run = key.RunId is { } runId ? $"&run_id={Uri.EscapeDataString(runId)}" : string.Empty;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/logs/stream/{LogPath(key)}{run}{Words(claim)}") { Content = content };
        return await server.SendAsync(request, TimeSpan.FromDays(7), cancellationToken);
    }

    /// <summary>Whether the server's newest log of the key is this one.</summary>
    public async Task<bool> HasLogAsync(LogKey key, string sha256, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/logs/{LogPath(key)}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{sha256}\""));
        request.Headers.Range = new RangeHeaderValue(0, 0); // of another log one byte is enough
        return await server.SendAsync(request, Short + Wait, cancellationToken) is { Status: 304 };
    }

    public async Task<bool> HasArtifactAsync(string sha256, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"api/artifacts/sha256/{sha256}");
        return (await server.SendAsync(request, Short, cancellationToken)).IsGood;
    }

    /// <summary>Stores a file under its digest; storing it twice is storing it once.</summary>
    public async Task<Answer> StoreArtifactAsync(string sha256, Stream content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"api/artifacts/sha256/{sha256}") { Content = new StreamContent(content) };
        return await server.SendAsync(request, Long, cancellationToken);
    }

    private static string Words(Holder claim) =>
        $"&step_id={Uri.EscapeDataString(claim.StepId)}&pod_id={Uri.EscapeDataString(claim.PodId)}&fence={claim.Fence}";

    private static string StepPath(string stepId, string verb) => $"api/steps/{Uri.EscapeDataString(stepId)}/{verb}";

    private static string LogPath(LogKey key) => $"{Uri.EscapeDataString(key.Name)}/{Uri.EscapeDataString(key.Version)}?attempt={key.Attempt ?? 1}";
}
