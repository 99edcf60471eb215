namespace Refinery.Tests.Spec;

/// <summary>What docs/spec promises and the host does not serve yet. A line goes when its route comes; a test insists on it.</summary>
internal static class NotServedYet
{
    public static string[] Requests { get; } =
    [
        "GET /builds",
        "GET /builds/build-customer-123-parser-abc-123def",
        "POST /builds/build-customer-123-parser-abc-123def/cancel",
        "GET /async-jobs/stats",
    ];
}
