using Refinery.Contract;
using Refinery.Host.Plugins;
using static Refinery.Tests.Plugins.ForeignAssembly;

namespace Refinery.Tests.Plugins;

/// <summary>What the loader cannot use it refuses with one sentence that names it.</summary>
public sealed class PluginRefusalTests : IDisposable
{
    private readonly TemporaryFolder root = new();

    public void Dispose() => root.Dispose();

    [Theory]
    [InlineData("rediss")]
    [InlineData("FILE")]
    [InlineData("handlers")]
    [InlineData("..")]
    [InlineData("../plugins/file")]
    [InlineData("")]
    public void An_unknown_name_is_answered_with_what_was_found(string name)
    {
        Directory.CreateDirectory(root.File("kafka"));
        Directory.CreateDirectory(root.File("file"));
        Directory.CreateDirectory(root.File("handlers"));

        AssertRefused($"QUEUE_BACKEND '{name}' has no plugin; found: file, kafka.", () => Load(name));
    }

    [Theory]
    [InlineData("kubernets")]
    [InlineData("Process")]
    [InlineData("../handlers/mine")]
    [InlineData("")]
    public void An_unknown_runner_is_answered_with_what_was_found(string name)
    {
        Directory.CreateDirectory(root.File("runners/kubernetes"));
        Directory.CreateDirectory(root.File("handlers/mine"));

        AssertRefused($"BUILD_RUNNER '{name}' has no runner; found: container, kubernetes, process.", () => LoadRunner(name));
        AssertRefused("QUEUE_BACKEND 'runners' has no plugin; found: none.", () => Load("runners"));
    }

    [Fact]
    public void Two_runners_in_one_folder_and_one_of_another_name_are_refused()
    {
        Compile(root.File("runners/two"), "Two", RunnerSource("First", "two") + RunnerSource("Second", "two"));
        Compile(root.File("runners/mine"), "Mine", RunnerSource("Mine", "other"));
        Compile(root.File("runners/queue"), "Queue", QueueSource("Queue", "\"queue\""));

        AssertRefused($"Plugin folder '{root.File("runners/two")}' holds 2 runner plugins (First in Two.dll, Second in Two.dll); leave one.", () => LoadRunner("two"));
        AssertRefused($"Plugin folder '{root.File("runners/mine")}' holds a plugin named 'other'; rename the folder or the plugin so that they agree.", () => LoadRunner("mine"));
        AssertRefused($"Plugin folder '{root.File("runners/queue")}' holds no public class that implements IBuildRunnerPlugin.", () => LoadRunner("queue"));
    }

    [Fact]
    public void A_missing_plugins_folder_holds_none()
    {
        AssertRefused("QUEUE_BACKEND 'file' has no plugin; found: none.", () => new PluginHost(root.File("missing")).LoadQueue("file", kafkaEnabled: false));
    }

    [Fact]
    public void Kafka_needs_its_flag()
    {
        Compile(root.File("kafka"), "Mine", QueueSource("Mine", "\"kafka\""));

        AssertRefused("QUEUE_BACKEND 'kafka' needs the flag Kafka; set FeatureManagement__Kafka=true.", () => Load("kafka"));
        Assert.Equal("kafka", new PluginHost(root.Path).LoadQueue("kafka", kafkaEnabled: true).Name);
    }

    [Theory]
    [InlineData("3.0.0.0", "3.0")]
    [InlineData("1.9.0.0", "1.9")]
    [InlineData("0.1.0.0", "0.1")]
    public void A_wrong_contract_version_is_refused(string version, string said)
    {
        using var elsewhere = new TemporaryFolder();
        Compile(root.File("mine"), "Mine", "public class Mine : Refinery.Contract.IQueuePlugin { }", references: CompileContract(elsewhere.Path, version));

        AssertRefused(
            $"Plugin folder '{root.File("mine")}' holds 'Mine.dll', built for version {said} of Refinery.Contract; this host runs plugins built for 2.0 to 2.0.",
            () => Load("mine"));
    }

    [Fact]
    public void A_contract_of_the_right_version_with_other_members_is_refused()
    {
        using var elsewhere = new TemporaryFolder();
        Compile(root.File("mine"), "Mine", "public class Mine : Refinery.Contract.IQueuePlugin { }", references: CompileContract(elsewhere.Path, "2.0.0.0"));

        AssertRefused(
            $"Plugin folder '{root.File("mine")}' holds 'Mine.dll', which does not fit this host's contract or machine; build it again.",
            () => Load("mine"));
    }

    [Fact]
    public void A_missing_dependency_is_named()
    {
        using var elsewhere = new TemporaryFolder();
        var needed = Compile(elsewhere.Path, "Needed", "public class Needed { }", version: "3.1.0.0");
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "typeof(Needed).Name"), references: needed);

        AssertRefused($"Plugin folder '{root.File("mine")}' holds 'Mine.dll', which needs the assembly 'Needed 3.1.0.0' that is not there.", () => Load("mine"));
    }

    [Fact]
    public void A_dependency_that_is_no_assembly_is_refused()
    {
        using var elsewhere = new TemporaryFolder();
        var needed = Compile(elsewhere.Path, "Needed", "public class Needed { }");
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "typeof(Needed).Name"), references: needed);
        File.WriteAllText(root.File("mine/Needed.dll"), "no assembly");

        AssertRefused($"Plugin folder '{root.File("mine")}' holds 'Mine.dll', which does not fit this host's contract or machine; build it again.", () => Load("mine"));
    }

    [Fact]
    public void Two_queues_in_one_assembly_are_refused()
    {
        Compile(root.File("mine"), "Mine", QueueSource("First", "\"mine\"") + QueueSource("Second", "\"mine\"").Replace("using ", "// ", StringComparison.Ordinal).Replace("Task<", "System.Threading.Tasks.Task<", StringComparison.Ordinal));

        AssertRefused($"Plugin folder '{root.File("mine")}' holds 2 queue plugins (First in Mine.dll, Second in Mine.dll); leave one.", () => Load("mine"));
    }

    [Fact]
    public void Two_queues_in_two_assemblies_are_refused()
    {
        Compile(root.File("mine"), "A", QueueSource("First", "\"mine\""));
        Compile(root.File("mine"), "B", QueueSource("Second", "\"mine\""));

        AssertRefused($"Plugin folder '{root.File("mine")}' holds 2 queue plugins (First in A.dll, Second in B.dll); leave one.", () => Load("mine"));
    }

    [Theory]
    [InlineData("internal")]
    [InlineData("public abstract")]
    public void A_folder_without_a_public_plugin_class_is_refused(string modifier)
    {
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "\"mine\"", modifier));

        AssertRefused($"Plugin folder '{root.File("mine")}' holds no public class that implements IQueuePlugin.", () => Load("mine"));
    }

    [Fact]
    public void An_empty_folder_is_refused()
    {
        Directory.CreateDirectory(root.File("mine"));
        Directory.CreateDirectory(root.File("handlers/mine"));

        AssertRefused($"Plugin folder '{root.File("mine")}' holds no public class that implements IQueuePlugin.", () => Load("mine"));
        AssertRefused($"Plugin folder '{root.File("handlers/mine")}' holds no public class that implements IStepHandler.", LoadHandlers);
    }

    [Fact]
    public void An_assembly_that_does_not_know_the_contract_is_no_plugin()
    {
        Compile(root.File("mine"), "Mine", "public class Mine { }");

        AssertRefused($"Plugin folder '{root.File("mine")}' holds no public class that implements IQueuePlugin.", () => Load("mine"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("just text")]
    [InlineData("MZ and more")]
    public void A_file_that_is_no_assembly_is_refused(string content)
    {
        Directory.CreateDirectory(root.File("mine"));
        File.WriteAllText(root.File("mine/Mine.dll"), content);

        AssertRefused($"Plugin folder '{root.File("mine")}' holds 'Mine.dll', which is not a .NET assembly.", () => Load("mine"));
    }

    [Fact]
    public void A_name_that_differs_from_the_folder_is_refused()
    {
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "\"memory\""));

        AssertRefused(
            $"Plugin folder '{root.File("mine")}' holds a plugin named 'memory'; rename the folder or the plugin so that they agree.",
            () => Load("mine"));
    }

    [Fact]
    public void A_class_that_cannot_be_created_is_refused()
    {
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "\"mine\"").Replace("public string", "public Mine(int number) { } public string", StringComparison.Ordinal));
        Compile(root.File("yours"), "Yours", QueueSource("Yours", "\"yours\"").Replace("public string", "public Yours() => throw new System.FormatException(); public string", StringComparison.Ordinal));

        AssertRefused($"Plugin folder '{root.File("mine")}' holds Mine, which has no public constructor without parameters.", () => Load("mine"));
        AssertRefused($"Plugin folder '{root.File("yours")}' holds Yours, whose constructor threw FormatException.", () => Load("yours"));
    }

    [Fact]
    public void A_broken_list_of_dependencies_is_refused()
    {
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "\"mine\""));
        File.WriteAllText(root.File("mine/Mine.deps.json"), "{ broken");

        AssertRefused($"Plugin folder '{root.File("mine")}' holds a .deps.json that cannot be read.", () => Load("mine"));
    }

    [Fact]
    public void Two_handlers_of_one_step_type_are_refused()
    {
        Compile(root.File("handlers/a"), "A", HandlerSource("First", "hello_world"));
        Compile(root.File("handlers/b"), "B", HandlerSource("Second", "hello_world"));

        AssertRefused("Step type 'hello_world' has 2 handlers (First in A.dll, Second in B.dll); leave one.", LoadHandlers);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello world")]
    [InlineData("größe")]
    public void A_step_type_of_other_characters_is_refused(string stepType)
    {
        Compile(root.File("handlers/a"), "A", HandlerSource("First", stepType));

        AssertRefused(
            $"Plugin folder '{root.File("handlers/a")}' holds a handler of step type '{stepType}'; a type is 1 to 100 letters, digits or _ . : -.",
            LoadHandlers);
    }

    private IQueuePlugin Load(string name) => new PluginHost(root.Path).LoadQueue(name, kafkaEnabled: false);

    private IBuildRunnerPlugin LoadRunner(string name) => new PluginHost(root.Path).LoadRunner(name, ["container", "process"])!;

    private IReadOnlyList<IStepHandler> LoadHandlers() => new PluginHost(root.Path).LoadHandlers();

    private static void AssertRefused(string sentence, Func<object> load)
    {
        Assert.Equal(sentence, Assert.Throws<PluginLoadException>(load).Message);
        Assert.True(PluginPage.Lists(sentence), $"docs/plugins.md does not list: {sentence}");
    }
}
