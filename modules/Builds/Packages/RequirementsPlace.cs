namespace Refinery.Builds.Packages;

/// <summary>A logical line of a requirements file, for faults that name it.</summary>
internal sealed record RequirementsPlace(string File, int Line, string Text)
{
    public RequirementsException Fault(string clause) => new($"{File}:{Line}: {clause}.");
}
