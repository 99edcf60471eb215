namespace Refinery.Tests.Spec;

/// <summary>What docs/spec promises and the host does not serve yet. A line goes when its route comes; a test insists on it.</summary>
internal static class NotServedYet
{
    public static string[] Requests { get; } =
    [
        "GET /api/ready",
        "GET /api/config",
        "GET /api/metrics",
        "POST /api/worker/trigger",
        "POST /api/history",
        "GET /api/event/markupsafe/2.1.5",
        "GET /api/summary",
        "GET /api/recent",
        "GET /api/history",
        "GET /api/package/markupsafe",
        "GET /api/failures",
        "GET /api/variants/markupsafe",
        "GET /api/top-failures",
        "GET /api/top-slowest",
        "POST /api/plan",
        "GET /api/plan",
        "POST /api/manifest",
        "GET /api/manifest",
        "GET /api/artifacts",
        "POST /api/hints",
        "GET /api/hints",
        "PUT /api/hints/hint_1",
        "DELETE /api/hints/hint_1",
        "POST /api/logs",
        "GET /api/logs/markupsafe/2.1.5",
        "GET /api/logs/search",
        "GET /healthz",
        "POST /v1/events/ingest",
        "GET /v1/graph/summary",
        "GET /v1/attempts/attempt-001",
        "GET /health",
        "GET /idempotency/step_20240101120000_abc12345",
        "GET /admin/leader",
        "GET /admin/queue",
        "POST /admin/recovery/run",
        "GET /builds",
        "GET /builds/build-customer-123-parser-abc-123def",
        "POST /builds/build-customer-123-parser-abc-123def/cancel",
        "GET /async-jobs/stats",
    ];
}
