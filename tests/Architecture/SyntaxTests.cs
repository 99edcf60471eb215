using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Refinery.Tests.Architecture;

/// <summary>What CONTRIBUTING.md asks of methods and blocks, read out of the syntax.</summary>
public sealed class SyntaxTests
{
    private const int LongestMethod = 60;
    private const int MostParameters = 4;
    private const int DeepestBlock = 3;

    [Fact]
    public void A_method_has_at_most_60_lines() =>
        SourceTree.AssertNone(
            from file in SourceTree.All
            from method in Nodes<SyntaxNode>(file)
            let body = Body(method)
            where body is not null
            let place = body.GetLocation().GetLineSpan()
            let lines = place.EndLinePosition.Line - place.StartLinePosition.Line - 1
            where lines > LongestMethod
            select $"{Place(file, method)} has a body of {lines} lines");

    /// <summary>Tests' builders of examples are left out: they take many values by name. So is what the library of C asks for.</summary>
    [Fact]
    public void A_method_takes_at_most_4_parameters_beside_the_token() =>
        SourceTree.AssertNone(
            from file in SourceTree.Delivered
            from method in Nodes<BaseMethodDeclarationSyntax>(file)
            where !IsForeign(method) && !IsHandler(file, method)
            let count = method.ParameterList.Parameters.Count(parameter => parameter.Type?.ToString() != "CancellationToken")
            where count > MostParameters
            select $"{Place(file, method)} takes {count} parameters");

    [Fact]
    public void Blocks_are_nested_at_most_3_deep() =>
        SourceTree.AssertNone(
            from file in SourceTree.All
            from block in Nodes<BlockSyntax>(file)
            where block.Ancestors().Count(around => around is BlockSyntax or SwitchStatementSyntax) > DeepestBlock
            select $"{Place(file, block)} is nested more than {DeepestBlock} deep");

    [Fact]
    public void What_catches_everything_throws_again_or_hands_the_fault_on() =>
        SourceTree.AssertNone(
            from file in SourceTree.All
            from caught in Nodes<CatchClauseSyntax>(file)
            where caught is { Filter: null } && caught.Declaration?.Type.ToString() is null or "Exception" && !IsPassedOn(caught)
            select $"{Place(file, caught)} swallows everything");

    private static IEnumerable<T> Nodes<T>(SourceFile file)
        where T : SyntaxNode =>
        file.Syntax.DescendantNodes().OfType<T>();

    private static SyntaxNode? Body(SyntaxNode node) => node switch
    {
        BaseMethodDeclarationSyntax method => (SyntaxNode?)method.Body ?? method.ExpressionBody,
        LocalFunctionStatementSyntax function => (SyntaxNode?)function.Body ?? function.ExpressionBody,
        AccessorDeclarationSyntax accessor => (SyntaxNode?)accessor.Body ?? accessor.ExpressionBody,
        BasePropertyDeclarationSyntax property => property.ChildNodes().OfType<ArrowExpressionClauseSyntax>().FirstOrDefault(),
        _ => null,
    };

    private static bool IsForeign(BaseMethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => attribute.Name.ToString() == "LibraryImport");

    /// <summary>What a route is mapped to gets its dependencies as parameters, as a class gets them in its primary constructor.</summary>
    private static bool IsHandler(SourceFile file, BaseMethodDeclarationSyntax method) =>
        method is MethodDeclarationSyntax { Identifier.Text: var name }
        && Nodes<InvocationExpressionSyntax>(file).Any(call =>
            call.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "MapGet" or "MapPost" or "MapPut" or "MapDelete" }
            && call.ArgumentList.Arguments.Any(argument => argument.Expression is IdentifierNameSyntax { Identifier.Text: var mapped } && mapped == name));

    private static bool IsPassedOn(CatchClauseSyntax caught) => caught.Block.DescendantNodes().Any(node =>
        node is ThrowStatementSyntax
        || (node is IdentifierNameSyntax { Parent: not MemberAccessExpressionSyntax } used && used.Identifier.Text == caught.Declaration?.Identifier.Text));

    private static string Place(SourceFile file, SyntaxNode node) =>
        $"{file.Name}:{node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}";
}
