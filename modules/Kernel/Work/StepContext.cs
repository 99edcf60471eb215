using System.Text.Json;
using Refinery.Contract;

namespace Refinery.Kernel.Work;

/// <summary>One attempt at one step, as its handler sees it.</summary>
internal sealed class StepContext(ClaimedStep step, ILogWriter log) : IStepContext
{
    public string StepId => step.StepId;

    public int Attempt => (int)step.Attempt;

    public bool IsLastAttempt => step.RetryCount >= step.MaxRetries;

    public JsonElement Args => step.Args;

    public JsonElement Metadata => step.Metadata;

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes => step.Recipes;

    public ValueTask LogAsync(string line) => log.WriteLineAsync(line);

    public string LogTail(int maxBytes) => log.Tail(maxBytes);
}
