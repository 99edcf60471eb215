namespace Refinery.Tests.Conformance;

/// <summary>A folder of black-box cases with their runners, kept outside this repository; the environment variable CONFORMANCE_DIR names it.</summary>
internal static class ConformanceFolder
{
    public static string? Path => Environment.GetEnvironmentVariable("CONFORMANCE_DIR") is { Length: > 0 } folder ? folder : null;

    public static string File(string name) => System.IO.Path.Combine(Path ?? throw new InvalidOperationException("CONFORMANCE_DIR is not set."), name);
}

/// <summary>A theory over the cases; skipped where they are not at hand.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ConformanceTheoryAttribute : TheoryAttribute
{
    public ConformanceTheoryAttribute() => Skip = ConformanceFolder.Path is null ? "CONFORMANCE_DIR names no folder of cases." : null;
}
