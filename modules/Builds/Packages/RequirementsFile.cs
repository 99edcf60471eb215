using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>A requirements file with everything it includes.</summary>
/// <param name="Lines">What is required, in the order of reading.</param>
/// <param name="Constraints">What <c>-c</c> files say: versions for packages that are required elsewhere.</param>
/// <param name="Options">Where packages come from.</param>
/// <remarks>Source: pip's "Requirements file format".</remarks>
internal sealed record RequirementsFile(
    IReadOnlyList<RequirementLine> Lines, IReadOnlyList<RequirementLine> Constraints, RequirementsOptions Options)
{
    /// <summary>Reads the file and what it includes.</summary>
    /// <exception cref="RequirementsException">A file is missing or a line is wrong; the message is one sentence that names file, line and text.</exception>
    public static RequirementsFile Read(string path) => new RequirementsReader().ReadAll(path);

    /// <summary>The lines whose markers hold, each with the specifiers of the constraints on its package.</summary>
    public IReadOnlyList<RequirementLine> For(InterpreterInfo interpreter) =>
        [.. Lines.Where(line => line.Requirement.AppliesTo(interpreter)).Select(line => Constrained(line, interpreter))];

    private RequirementLine Constrained(RequirementLine line, InterpreterInfo interpreter)
    {
        var name = PackageName.Normalize(line.Requirement.Name);
        var requirement = line.Requirement;
        foreach (var constraint in Constraints.Where(other => PackageName.Normalize(other.Requirement.Name) == name && other.Requirement.AppliesTo(interpreter)))
        {
            requirement = requirement with { Specifiers = requirement.Specifiers.And(constraint.Requirement.Specifiers) };
        }

        return line with { Requirement = requirement };
    }
}

/// <summary>One requirement and where it stands.</summary>
/// <param name="File">The path of the file, as it was given or included.</param>
/// <param name="Line">Counted from 1; the first of the lines that continuations join.</param>
/// <param name="Hashes">sha256 digests, lower case; the source must have one of them. Empty when none is asked for.</param>
internal sealed record RequirementLine(string File, int Line, Requirement Requirement, IReadOnlyList<string> Hashes);

/// <summary>The options of a requirements file.</summary>
/// <param name="IndexUrl">The last <c>--index-url</c>; null when none is given.</param>
/// <param name="FindLinks">URLs and paths; a relative path that exists beside its file is made absolute.</param>
/// <param name="AllowPreReleases">Whether <c>--pre</c> is given.</param>
internal sealed record RequirementsOptions(
    string? IndexUrl, IReadOnlyList<string> ExtraIndexUrls, IReadOnlyList<string> FindLinks, bool NoIndex, bool AllowPreReleases);

/// <summary>A fault in a requirements file, as one sentence for a person.</summary>
internal sealed class RequirementsException(string message) : Exception(message);
