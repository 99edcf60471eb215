using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Builds;

/// <summary>Explains a failed build by the hints its log matches, and says whether another attempt can help; RECIPES decides the remedy alone.</summary>
internal sealed class BuildDiagnosis(IHints hints, RecipePolicy policy)
{
    public async Task<StepOutcome> ExplainAsync(WheelArgs wanted, BuildExit exit, IStepContext step, CancellationToken cancellationToken)
    {
        var log = step.LogTail(IHints.TailBytes);
        var matched = await hints.MatchAsync(log, wanted.Package, cancellationToken);
        var plain = StepOutcome.Failure("build_failed", $"The build of {wanted} ended with exit code {exit.Code}.", retryable: false) with
        {
            MatchedHintIds = [.. matched.Select(hint => hint.Id)],
        };
        if (matched.Count == 0 || policy.Mode == "off")
        {
            return TellingLine.Of(log) is { } line ? plain with { Detail = $"{plain.Detail} Its log says: {line.TrimEnd('.')}." } : plain;
        }

        // The most confident hint that offers something new; a next failure reaches the next one.
        var helpful = matched.FirstOrDefault(hint => policy.New(hint.Recipes, step.Recipes).Count > 0);
        if (helpful is null)
        {
            return await SayAsync(step, plain with { Detail = $"{plain.Detail} {matched[0].Note}" });
        }

        var recipes = policy.New(helpful.Recipes, step.Recipes);
        var remedy = RecipePolicy.Sentence(recipes);
        return policy.Helps(recipes) && !step.IsLastAttempt
            ? await SayAsync(step, plain with { Detail = $"{plain.Detail} {helpful.Note} Trying again with: {remedy}{Where(recipes)}.", Retryable = true, RetryAtOnce = true, Recipes = recipes })
            : await SayAsync(step, plain with { Detail = $"{plain.Detail} {helpful.Note} This would help: {remedy}." });
    }

    /// <summary>Changing the machine is said where progress is told, with the way to have it otherwise.</summary>
    private string Where(IReadOnlyDictionary<string, IReadOnlyList<string>> recipes) =>
        policy.InstallsHere && recipes.Keys.Any(manager => manager == policy.Manager)
            ? ", installed on this machine (RECIPES=suggest would only name it)"
            : string.Empty;

    private static async Task<StepOutcome> SayAsync(IStepContext step, StepOutcome outcome)
    {
        await step.LogAsync(outcome.Detail);
        return outcome;
    }
}
