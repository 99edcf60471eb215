using System.Diagnostics;
using Refinery.Tests.Builds;
using static Refinery.Tests.Plugins.ForeignAssembly;

namespace Refinery.Tests.Plugins;

/// <summary>The real program with a plugins folder: it works with what a stranger dropped there, or ends with one sentence and exit code 1.</summary>
[Collection(nameof(BuiltFromPage))]
public sealed class PluginStartTests(BuiltFromPage built)
{
    [Fact]
    public async Task A_host_runs_steps_with_a_strangers_queue_and_handler()
    {
        await using var host = await RefineryHost.StartAsync(("PLUGINS_DIR", built.Plugins), ("QUEUE_BACKEND", "memory"));

        var submitted = await host.PostAsync("/submit", new { type = "greet", args = new { name = "Ada" }, metadata = new { third_party_id = "stranger" } });
        var stepId = submitted.GetProperty("step_id").GetString();

        await Wait.UntilAsync(async () => (await host.GetAsync($"/status/{stepId}")).GetProperty("status").GetString() == "completed");
        var said = await host.GetAsync($"/builds/{await BuildCalls.BuildOfAsync(host, submitted)}");
        Assert.Contains("Hello, Ada!", said.GetProperty("build").GetProperty("logs_preview").GetString(), StringComparison.Ordinal);
        Assert.Equal("memory", (await host.GetAsync("/api/queue/stats")).GetProperty("backend").GetString());
    }

    [Fact]
    public async Task An_unknown_backend_ends_the_program()
    {
        using var data = new TemporaryFolder();

        await AssertEndsAsync(
            "QUEUE_BACKEND 'rediss' has no plugin; found: file, kafka, memory, postgres, redis.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", built.Plugins), ("QUEUE_BACKEND", "rediss"));
    }

    [Fact]
    public async Task A_host_needs_no_plugin_but_that_of_its_queue()
    {
        using var plugins = new TemporaryFolder();
        await Tool.RunAsync("cp", "-r", Path.Combine(Paths.HostPlugins, "file"), plugins.Path);
        await using var host = await RefineryHost.StartAsync(("PLUGINS_DIR", plugins.Path), ("LOCAL_WORKER", "0"));

        await host.PostAsync("/api/queue/enqueue", new { package = "numpy" });

        Assert.Equal(1, (await host.GetAsync("/api/queue/stats")).GetProperty("length").GetInt64());
    }

    [Fact]
    public async Task A_folder_without_that_plugin_ends_the_program()
    {
        using var data = new TemporaryFolder();
        using var plugins = new TemporaryFolder();

        await AssertEndsAsync("QUEUE_BACKEND 'file' has no plugin; found: none.", ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path));
    }

    [Fact]
    public async Task A_plugin_that_does_not_fit_ends_the_program()
    {
        using var data = new TemporaryFolder();
        using var plugins = new TemporaryFolder();
        Compile(plugins.File("mine"), "Mine", QueueSource("Mine", "\"other\""));

        await AssertEndsAsync(
            $"Plugin folder '{plugins.File("mine")}' holds a plugin named 'other'; rename the folder or the plugin so that they agree.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path), ("QUEUE_BACKEND", "mine"));
    }

    [Fact]
    public async Task A_plugin_for_another_contract_ends_the_program()
    {
        using var data = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        using var plugins = new TemporaryFolder();
        Compile(plugins.File("mine"), "Mine", "public class Mine : Refinery.Contract.IQueuePlugin { }", references: CompileContract(elsewhere.Path, "3.0.0.0"));

        await AssertEndsAsync(
            $"Plugin folder '{plugins.File("mine")}' holds 'Mine.dll', built for version 3.0 of Refinery.Contract; this host runs plugins built for 2.0 to 2.0.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path), ("QUEUE_BACKEND", "mine"));
    }

    [Fact]
    public async Task A_plugin_whose_dependency_is_missing_ends_the_program()
    {
        using var data = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        using var plugins = new TemporaryFolder();
        var needed = Compile(elsewhere.Path, "Needed", "public class Needed { }", version: "3.1.0.0");
        Compile(plugins.File("mine"), "Mine", QueueSource("Mine", "typeof(Needed).Name"), references: needed);

        await AssertEndsAsync(
            $"Plugin folder '{plugins.File("mine")}' holds 'Mine.dll', which needs the assembly 'Needed 3.1.0.0' that is not there.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path), ("QUEUE_BACKEND", "mine"));
    }

    [Fact]
    public async Task Two_plugins_in_one_folder_end_the_program()
    {
        using var data = new TemporaryFolder();
        using var plugins = new TemporaryFolder();
        Compile(plugins.File("mine"), "A", QueueSource("First", "\"mine\""));
        Compile(plugins.File("mine"), "B", QueueSource("Second", "\"mine\""));

        await AssertEndsAsync(
            $"Plugin folder '{plugins.File("mine")}' holds 2 queue plugins (First in A.dll, Second in B.dll); leave one.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path), ("QUEUE_BACKEND", "mine"));
    }

    [Fact]
    public async Task A_handler_for_a_type_of_our_own_ends_the_program()
    {
        using var data = new TemporaryFolder();
        using var plugins = new TemporaryFolder();
        Directory.CreateSymbolicLink(plugins.File("file"), Path.Combine(Paths.HostPlugins, "file"));
        Compile(plugins.File("handlers/mine"), "Mine", HandlerSource("Mine", "wheel_build"));

        await AssertEndsAsync(
            "Step type 'wheel_build' is Refinery's own, but the plugin handler Mine in Mine.dll serves it too; give that one another type.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path));
    }

    [Fact]
    public async Task Two_handlers_for_one_type_end_the_program()
    {
        using var data = new TemporaryFolder();
        using var plugins = new TemporaryFolder();
        Directory.CreateSymbolicLink(plugins.File("file"), Path.Combine(Paths.HostPlugins, "file"));
        Compile(plugins.File("handlers/a"), "A", HandlerSource("First", "mine"));
        Compile(plugins.File("handlers/b"), "B", HandlerSource("Second", "mine"));

        await AssertEndsAsync(
            "Step type 'mine' has 2 handlers (First in A.dll, Second in B.dll); leave one.",
            ("DATA_DIR", data.Path), ("PLUGINS_DIR", plugins.Path));
    }

    [Fact]
    public async Task A_queue_file_that_another_process_holds_ends_the_program()
    {
        using var data = new TemporaryFolder();
        using var held = new QueueFolder();
        await using var queue = await held.OpenAsync();

        await AssertEndsAsync(
            $"QUEUE_FILE '{held.QueueFile}' is held by another running host; stop that one or give this one another file.",
            ("DATA_DIR", data.Path), ("QUEUE_FILE", held.QueueFile));
    }

    private static async Task AssertEndsAsync(string sentence, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Paths.HostProgram, "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(sentence + Environment.NewLine, error);
        Assert.Equal(1, process.ExitCode);
        Assert.DoesNotContain("   at ", await output, StringComparison.Ordinal);
    }
}
