using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Refinery.Tests.Architecture;

/// <summary>A source file of the product, by its path in the repository.</summary>
internal sealed record SourceFile(string Name, string Text)
{
    private readonly Lazy<SyntaxNode> syntax = new(() => CSharpSyntaxTree.ParseText(Text).GetRoot());

    public string[] Lines => Text.Split('\n');

    public SyntaxNode Syntax => syntax.Value;
}

/// <summary>The repository's own sources, read once.</summary>
internal static class SourceTree
{
    private static readonly string[] Roots = ["host", "modules", "plugins", "tests", "bench"];
    private static readonly string[] Product = ["host/", "modules/", "plugins/"];

    /// <summary>Every C# file, without what the build makes.</summary>
    public static IReadOnlyList<SourceFile> All { get; } = [.. Files("*.cs")];

    /// <summary>What is delivered: neither tests nor benchmarks.</summary>
    public static IReadOnlyList<SourceFile> Delivered { get; } = [.. All.Where(file => Product.Any(root => file.Name.StartsWith(root, StringComparison.Ordinal)))];

    public static IEnumerable<SourceFile> Files(string pattern) =>
        from root in Roots
        let folder = Path.Combine(Paths.Repository, root)
        where Directory.Exists(folder)
        from path in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Paths.Repository, path).Replace('\\', '/')
        where !Regex.IsMatch(name, "(^|/)(bin|obj|node_modules)/")
        orderby name
        select new SourceFile(name, File.ReadAllText(path));

    /// <summary>Nothing may be on the list; the message is the list.</summary>
    public static void AssertNone(IEnumerable<string> faults) =>
        Assert.True(!faults.Any(), string.Join(Environment.NewLine, faults));
}
