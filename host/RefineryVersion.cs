namespace Refinery.Host;

/// <summary>The version of this build, as three numbers.</summary>
internal static class RefineryVersion
{
    public static string Text { get; } = typeof(RefineryVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
