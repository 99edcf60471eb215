using Refinery.Tests.Plugins;

namespace Refinery.Tests.Chaos;

/// <summary>A plugins folder with the real file queue and a handler whose every effect leaves a file of its own.</summary>
/// <remarks>The file is named <c>{step}@{attempt}</c>; a second effect of the same attempt leaves one that ends in <c>@again</c>.</remarks>
internal sealed class EffectPlugin
{
    public const string StepType = "effect";

    private const string Source = """
        using System;
        using System.IO;
        using System.Text.Json;
        using System.Threading;
        using System.Threading.Tasks;
        using Refinery.Contract;

        /// <summary>Leaves a file.</summary>
        public sealed class EffectHandler : IStepHandler
        {
            public string Type => "effect";

            public async Task<StepOutcome> RunAsync(IStepContext step, CancellationToken cancellationToken)
            {
                await step.LogAsync("Attempt " + step.Attempt);
                var wait = Number(step.Args, "wait_ms");
                await Task.Delay(wait, Number(step.Args, "deaf") == 1 ? CancellationToken.None : cancellationToken);
                while (step.Args.TryGetProperty("gate", out var gate) && gate.ValueKind == JsonValueKind.String && !File.Exists(gate.GetString()))
                {
                    await Task.Delay(5, cancellationToken);
                }

                if (step.Args.TryGetProperty("say", out var say) && say.ValueKind == JsonValueKind.String)
                {
                    await step.LogAsync(say.GetString());
                }

                var effect = Path.Combine(step.Args.GetProperty("into").GetString(), step.StepId + "@" + step.Attempt);
                try
                {
                    new FileStream(effect, FileMode.CreateNew).Dispose();
                }
                catch (IOException) when (File.Exists(effect))
                {
                    new FileStream(effect + "@again", FileMode.Create).Dispose();
                }

                return step.Attempt <= Number(step.Args, "failures")
                    ? StepOutcome.Failure("asked_to_fail", "The step was asked to fail.")
                    : StepOutcome.Success("An effect was left.");
            }

            private static int Number(JsonElement args, string name) => args.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
        }
        """;

    public EffectPlugin(TemporaryFolder folder)
    {
        Plugins = folder.File("plugins");
        Effects = folder.File("effects");
        Directory.CreateDirectory(Plugins);
        Directory.CreateDirectory(Effects);
        Directory.CreateSymbolicLink(Path.Combine(Plugins, "file"), Path.Combine(Paths.HostPlugins, "file"));
        ForeignAssembly.Compile(Path.Combine(Plugins, "handlers", "effect"), "Effect", Source);
    }

    /// <summary>For PLUGINS_DIR.</summary>
    public string Plugins { get; }

    /// <summary>Where the effects are left.</summary>
    public string Effects { get; }

    public IReadOnlyList<string> Found() => [.. Directory.EnumerateFiles(Effects).Select(path => Path.GetFileName(path))];

    /// <summary>A step for POST /submit.</summary>
    /// <param name="gate">A file that the step waits for before it has its effect.</param>
    /// <param name="say">A line for its log, just before the effect.</param>
    public object Step(int waitMilliseconds = 0, int failures = 0, bool deaf = false, string? gate = null, int maxRetries = 10, string? say = null, int priority = 0) => new
    {
        type = StepType,
        args = new { into = Effects, wait_ms = waitMilliseconds, failures, deaf = deaf ? 1 : 0, gate, say },
        max_retries = maxRetries,
        priority,
    };
}
