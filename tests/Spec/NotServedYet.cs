namespace Refinery.Tests.Spec;

/// <summary>What docs/spec promises and the host does not serve yet. A line goes when its route comes; a test insists on it.</summary>
internal static class NotServedYet
{
    public static string[] Requests { get; } =
    [
    ];
}
