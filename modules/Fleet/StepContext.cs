using System.Text.Json;
using Refinery.Contract;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Fleet;

/// <summary>One attempt at one step, as its handler sees it.</summary>
internal sealed class StepContext(StepRow step, ILogWriter log) : IStepContext
{
    public string StepId => step.StepId;

    public int Attempt => (int)step.Attempts;

    public bool IsLastAttempt => step.RetryCount >= step.MaxRetries;

    public JsonElement Args { get; } = StepJson.Parse(step.Args);

    public JsonElement Metadata { get; } = StepJson.Parse(step.Metadata);

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Recipes { get; } = StepJson.Recipes(step.Recipes);

    public ValueTask LogAsync(string line) => log.WriteLineAsync(line);

    public string LogTail(int maxBytes) => log.Tail(maxBytes);

    /// <summary>Where the attempt's log is kept: under the package of a wheel build, under the type of other steps.</summary>
    public static LogKey LogKeyOf(StepRow step)
    {
        var args = StepJson.Parse(step.Args);
        var runId = StepJson.Parse(step.Metadata).TextMember("run_id");
        return step.Type == StepTypes.WheelBuild && args.TextMember("package") is { } package
            ? new LogKey(package, args.TextMember("version") ?? "latest", (int)step.Attempts, runId)
            : new LogKey(step.Type, step.StepId, (int)step.Attempts, runId);
    }
}
