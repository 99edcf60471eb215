using System.Text.Json;
using Refinery.Contract;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Reports by letter: what came of a step is on this disk before the step counts as done here.</summary>
internal sealed class RemoteReports(Outbox outbox, RemoteLogs logs, WorkProtocol server, WorkerIdentity identity) : IStepReports
{
    /// <summary>The server takes no longer sentence.</summary>
    private const int LongestText = 4000;

    public string PodId => identity.PodId;

    public Task<StepStatus?> FinishAsync(ClaimedStep step, StepOutcome outcome, RunFacts facts)
    {
        var words = new OutcomeWords(
            PodId,
            step.Fence,
            Cut(outcome.Detail),
            outcome.Retryable,
            outcome.RetryAtOnce,
            outcome.MatchedHintIds,
            outcome.Artifacts,
            outcome.FailureReason is { } reason ? Cut(reason) : null,
            facts.DurationMs,
            outcome.Recipes,
            facts.Log?.Sha256,
            facts.Log?.SizeBytes);
        Post(step, outcome.Succeeded ? "complete" : "fail", words, facts.Log);
        return Task.FromResult<StepStatus?>(null);
    }

    public Task<StepStatus?> ReleaseAsync(ClaimedStep step, StoredLog? log, string why)
    {
        Post(step, "release", words: null, log);
        return Task.FromResult<StepStatus?>(null);
    }

    public async Task<string?> WhyCancelledAsync(ClaimedStep step)
    {
        try
        {
            var answer = await server.StatusAsync(step.StepId, CancellationToken.None);
            return answer.IsGood && answer.Read<JsonElement>() is var status && status.Member("cancelled", JsonValueKind.True) is not null
                ? status.TextMember("detail")
                : null;
        }
        catch (ServerAwayException)
        {
            return null;
        }
    }

    private void Post(ClaimedStep step, string kind, OutcomeWords? words, StoredLog? log)
    {
        var unsent = logs.Find(step.ToLogKey(), log);
        outbox.Post(new Letter(step.StepId, step.Attempt, kind, PodId, step.Fence) { Outcome = words, Log = unsent, Trace = TraceContext.Current });
        logs.Forget(unsent);
    }

    private static string Cut(string text) => text.Length <= LongestText ? text : $"{text.AsSpan(0, TextCut.At(text, LongestText - 1))}…";
}
