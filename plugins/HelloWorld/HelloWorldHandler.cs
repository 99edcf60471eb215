using System.Text.Json;
using Refinery.Contract;

namespace Refinery.HelloWorld;

/// <summary>Logs <c>args.message</c> and succeeds; <c>args.sleep_ms</c> makes it slow and <c>args.fail</c> makes it fail, for experiments.</summary>
public sealed class HelloWorldHandler : IStepHandler
{
    /// <inheritdoc/>
    public string Type => "hello_world";

    /// <inheritdoc/>
    public async Task<StepOutcome> RunAsync(IStepContext step, CancellationToken cancellationToken)
    {
        var message = TextOf(step.Args, "message") ?? "Hello, world!";
        await step.LogAsync(message.ReplaceLineEndings(" "));
        await Task.Delay(SleepOf(step.Args), TimeProvider.System, cancellationToken);
        return IsTrue(step.Args, "fail")
            ? StepOutcome.Failure("asked_to_fail", "The step was asked to fail.")
            : StepOutcome.Success($"Said '{message}'.");
    }

    private static string? TextOf(JsonElement args, string name) =>
        args.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsTrue(JsonElement args, string name) =>
        args.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static TimeSpan SleepOf(JsonElement args) =>
        args.TryGetProperty("sleep_ms", out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var milliseconds) && milliseconds > 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : TimeSpan.Zero;
}
