using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Refinery.Tests.Plugins;

/// <summary>Compiles small assemblies that are wrong on purpose.</summary>
internal static class ForeignAssembly
{
    private const string ContractName = "Refinery.Contract";

    private static readonly string[] Platform =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)];

    /// <summary>A queue plugin of this class and name; its backend is never opened.</summary>
    public static string QueueSource(string type, string name, string modifier = "public") => $$"""
        using System.Threading;
        using System.Threading.Tasks;
        using Refinery.Contract;
        {{modifier}} class {{type}} : IQueuePlugin
        {
            public string Name => {{name}};
            public QueueCapabilities Capabilities => QueueCapabilities.None;
            public Task<IQueueBackend> OpenAsync(PluginContext context, CancellationToken cancellationToken) => null;
        }
        """;

    /// <summary>A runner plugin of this class and name; it is never opened.</summary>
    public static string RunnerSource(string type, string name) => $$"""
        public sealed class {{type}} : Refinery.Contract.IBuildRunnerPlugin
        {
            public string Name => "{{name}}";
            public System.Threading.Tasks.Task<Refinery.Contract.IBuildRunner> OpenAsync(
                Refinery.Contract.PluginContext context, System.Threading.CancellationToken cancellationToken) => null;
        }
        """;

    /// <summary>A step handler of this class and step type; it fails when it is run.</summary>
    public static string HandlerSource(string type, string stepType) => $$"""
        public sealed class {{type}} : Refinery.Contract.IStepHandler
        {
            public string Type => "{{stepType}}";
            public System.Threading.Tasks.Task<Refinery.Contract.StepOutcome> RunAsync(
                Refinery.Contract.IStepContext step, System.Threading.CancellationToken cancellationToken) => null;
        }
        """;

    /// <summary>An assembly that calls itself the contract, of another version or with other members.</summary>
    public static string CompileContract(string folder, string version) =>
        Compile(folder, ContractName, "namespace Refinery.Contract { public interface IQueuePlugin { } }", version);

    /// <param name="folder">Where the assembly is written; made when missing.</param>
    /// <param name="references">Paths of assemblies beside the platform's; a contract among them takes the place of the real one.</param>
    /// <returns>The assembly's path.</returns>
    public static string Compile(string folder, string name, string source, string version = "1.0.0.0", params string[] references)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, name + ".dll");
        var replaced = references.Select(Path.GetFileName).Append(name + ".dll").ToHashSet(StringComparer.Ordinal);
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source), CSharpSyntaxTree.ParseText($"[assembly: System.Reflection.AssemblyVersion(\"{version}\")]")],
            Platform.Where(assembly => !replaced.Contains(Path.GetFileName(assembly))).Concat(references).Select(assembly => MetadataReference.CreateFromFile(assembly)),
            new(OutputKind.DynamicallyLinkedLibrary));
        var result = compilation.Emit(path);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return path;
    }
}
