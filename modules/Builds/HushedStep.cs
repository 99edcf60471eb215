using System.Text.Json;
using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>A step whose log keeps the secrets of index URLs to itself, so that no runner can forget to.</summary>
internal sealed class HushedStep(IStepContext step, IndexSecrets secrets) : IStepContext
{
    public string StepId => step.StepId;

    public int Attempt => step.Attempt;

    public bool IsLastAttempt => step.IsLastAttempt;

    public JsonElement Args => step.Args;

    public JsonElement Metadata => step.Metadata;

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes => step.Recipes;

    public ValueTask LogAsync(string line) => step.LogAsync(secrets.Hide(line));

    public string LogTail(int maxBytes) => step.LogTail(maxBytes);
}
