using Refinery.Contract;

namespace Refinery.HttpSteps;

/// <summary>Has a service do a step: what it answers is what came of it.</summary>
/// <remarks>2xx is success. 408, 425, 429, 5xx, silence and a connection that fails are tried again; any other status is final.</remarks>
internal sealed class HttpStepHandler(HttpStepTarget target, StepCaller caller) : IStepHandler
{
    public string Type => target.Type;

    public async Task<StepOutcome> RunAsync(IStepContext step, CancellationToken cancellationToken)
    {
        var call = new StepCall(step, target);
        ServiceAnswer answer;
        try
        {
            answer = await caller.AskAsync(call, cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return StepOutcome.Failure("http_timeout", $"The service of {Type} did not answer within {caller.TimeLimit.TotalSeconds} seconds.");
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            await step.LogAsync(fault.Message.ReplaceLineEndings(" "));
            return StepOutcome.Failure("http_unreachable", $"The service of {Type} could not be reached, or broke off its answer.");
        }

        foreach (var line in answer.Lines)
        {
            await step.LogAsync(line);
        }

        return Outcome(answer);
    }

    private StepOutcome Outcome(ServiceAnswer answer)
    {
        var detail = answer.Detail ?? $"The service of {Type} answered {answer.Status}.";
        return answer.Status switch
        {
            >= 200 and < 300 => StepOutcome.Success(detail),
            408 or 425 or 429 or >= 500 => StepOutcome.Failure("http_failed", detail),
            _ => StepOutcome.Failure("http_refused", detail, retryable: false),
        };
    }
}
