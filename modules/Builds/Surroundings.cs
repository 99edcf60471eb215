namespace Refinery.Builds;

/// <summary>Whose machine this process may change: root in a container changes nobody else's.</summary>
internal sealed record Surroundings(bool IsRoot, bool IsContainer)
{
    private static readonly string[] ContainerMarks = ["/.dockerenv", "/run/.containerenv"];

    /// <summary>Those of this process.</summary>
    public static Surroundings Read() => new(Environment.UserName == "root", ContainerMarks.Any(File.Exists));
}
