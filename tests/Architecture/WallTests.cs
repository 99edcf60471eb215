using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Refinery.Contract;
using Refinery.Host;
using Refinery.Kernel;
using Refinery.Worker;

namespace Refinery.Tests.Architecture;

/// <summary>Who may know whom.</summary>
public sealed partial class WallTests
{
    private const string KernelName = "Refinery.Kernel";
    private const string ContractName = "Refinery.Contract";

    /// <summary>Outside the storage seam itself: the chain's head is kept in memory where one process writes alone; the host opens the engine.</summary>
    private static readonly string[] AsksForTheDialect = ["modules/Kernel/Journal/EventJournal.cs", "host/DatabaseOpener.cs"];

    private static IEnumerable<Assembly> ModuleAssemblies => Modules.All.Append(new WorkerModule())
        .Select(module => module.GetType().Assembly)
        .Where(assembly => assembly != typeof(RefineryApp).Assembly)
        .Distinct();

    [Fact]
    public void A_module_references_the_kernel_and_nothing_else_of_ours() =>
        SourceTree.AssertNone(References("modules/")
            .Where(reference => reference.Project != "modules/Kernel")
            .Where(reference => !reference.Target.EndsWith("/Kernel/Refinery.Kernel.csproj", StringComparison.Ordinal))
            .Select(reference => $"{reference.Project} references {reference.Target}"));

    [Fact]
    public void The_kernel_and_the_plugins_reference_the_contract_only() =>
        SourceTree.AssertNone(References("modules/Kernel/").Concat(References("plugins/"))
            .Where(reference => !reference.Target.EndsWith("/Contract/Refinery.Contract.csproj", StringComparison.Ordinal))
            .Select(reference => $"{reference.Project} references {reference.Target}"));

    [Fact]
    public void A_compiled_module_knows_only_the_kernel_and_the_contract() =>
        SourceTree.AssertNone(ModuleAssemblies.SelectMany(assembly => assembly.GetReferencedAssemblies()
            .Select(known => known.Name)
            .Where(known => known is not null && known.StartsWith("Refinery.", StringComparison.Ordinal) && known is not (KernelName or ContractName))
            .Select(known => $"{assembly.GetName().Name} knows {known}")));

    [Fact]
    public void The_contract_shows_only_types_of_the_platform() =>
        SourceTree.AssertNone(typeof(IQueuePlugin).Assembly.GetReferencedAssemblies()
            .Select(known => known.Name ?? string.Empty)
            .Where(known => !PlatformName().IsMatch(known))
            .Select(known => $"Refinery.Contract knows {known}"));

    [Fact]
    public void Of_a_module_only_its_door_is_public() =>
        SourceTree.AssertNone(ModuleAssemblies.SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => !type.IsAssignableTo(typeof(IModule)))
            .Select(type => $"{type.FullName} is public"));

    [Fact]
    public void Of_a_plugin_only_what_the_host_looks_for_is_public() =>
        SourceTree.AssertNone(
            from file in SourceTree.Delivered
            where file.Name.StartsWith("plugins/", StringComparison.Ordinal) && !file.Name.StartsWith("plugins/Contract/", StringComparison.Ordinal)
            from type in file.Syntax.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
            where type.Parent is BaseNamespaceDeclarationSyntax && type.Modifiers.Any(SyntaxKind.PublicKeyword)
            where type.BaseList?.Types.Any(known => known.Type.ToString() is "IQueuePlugin" or "IBuildRunnerPlugin" or "IStepHandler") != true
            select $"{file.Name} makes {type.Identifier.Text} public");

    [Fact]
    public void The_host_shows_nothing() =>
        SourceTree.AssertNone(typeof(RefineryApp).Assembly.GetExportedTypes()
            .Where(type => type.Name != "Program")
            .Select(type => $"{type.FullName} is public"));

    [Fact]
    public void Only_the_host_reads_the_environment_and_configuration_files() =>
        SourceTree.AssertNone(SourceTree.Delivered
            .Where(file => !file.Name.StartsWith("host/", StringComparison.Ordinal))
            .Where(file => EnvironmentReading().IsMatch(file.Text))
            .Select(file => $"{file.Name} reads the environment or a configuration file"));

    [Fact]
    public void A_table_belongs_to_one_store()
    {
        var faults =
            from schema in SourceTree.Files("*.sql")
            from Match table in TableName().Matches(schema.Text)
            let name = table.Groups["name"].Value
            let owners = SourceTree.Delivered.Where(file => Regex.IsMatch(file.Text, $@"\b(FROM|INTO|UPDATE|JOIN)\s+{name}\b")).Select(file => file.Name).ToList()
            where owners.Count > 1 || owners.Exists(owner => !owner.EndsWith("Store.cs", StringComparison.Ordinal))
            select $"{name} is named in {string.Join(", ", owners)}; one *Store.cs is expected";

        SourceTree.AssertNone(faults);
    }

    [Fact]
    public void Only_a_listed_few_ask_for_the_dialect() =>
        SourceTree.AssertNone(SourceTree.Delivered
            .Where(file => file.Text.Contains(".Dialect", StringComparison.Ordinal))
            .Where(file => !file.Name.StartsWith("modules/Kernel/Storage/", StringComparison.Ordinal) && !AsksForTheDialect.Contains(file.Name))
            .Select(file => $"{file.Name} asks for the dialect"));

    /// <summary>The token's query parameter is described as a security scheme.</summary>
    [Fact]
    public void The_query_is_read_only_where_what_is_not_described_is_refused() =>
        SourceTree.AssertNone(SourceTree.Delivered
            .Where(file => file.Name is not ("modules/Kernel/Web/QueryReading.cs" or "host/Web/TokenGate.cs"))
            .Where(file => QueryAccess().IsMatch(file.Text))
            .Select(file => $"{file.Name} reads the query by itself; request.QueryText is expected"));

    private static IEnumerable<(string Project, string Target)> References(string root) =>
        from file in SourceTree.Files("*.csproj")
        where file.Name.StartsWith(root, StringComparison.Ordinal)
        from Match match in ProjectReference().Matches(file.Text)
        select (Path.GetDirectoryName(file.Name)!, match.Groups["target"].Value);

    [GeneratedRegex("<ProjectReference Include=\"(?<target>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"CREATE TABLE (IF NOT EXISTS )?(?<name>\w+)", RegexOptions.ExplicitCapture)]
    private static partial Regex TableName();

    [GeneratedRegex(@"GetEnvironmentVariable|AddJsonFile|AddEnvironmentVariables|appsettings")]
    private static partial Regex EnvironmentReading();

    [GeneratedRegex(@"[Rr]equest\.Query\b|\bIQueryCollection\b")]
    private static partial Regex QueryAccess();

    [GeneratedRegex(@"^(System|Microsoft\.Extensions|netstandard|mscorlib)")]
    private static partial Regex PlatformName();
}
