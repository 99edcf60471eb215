using System.Text.Json;
using Refinery.Fleet;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Fleet;

/// <summary>The fold by itself: the same events give the same step.</summary>
public sealed class StepFoldTests
{
    private static readonly JournalEvent[] Life =
    [
        Event(1, "task.created", "10:00:00", """{"task_id":"step-of-the-fold","step_type":"t","args":{},"metadata":{},"priority":0,"max_retries":0}"""),
        Event(2, "attempt.created", "10:00:10", """{"task_id":"step-of-the-fold","attempt_id":"s-1","attempt_number":1,"pod_id":"p","fence":1,"status":"created"}"""),
        Event(3, "attempt.succeeded", "10:00:05", """{"task_id":"step-of-the-fold","attempt_id":"s-1","attempt_number":1,"status":"succeeded","detail":"Done."}"""),
    ];

    [Theory]
    [InlineData("09:59:59", null)]
    [InlineData("10:00:00", StepStatus.Pending)]
    [InlineData("10:00:07", StepStatus.Pending)]
    [InlineData("10:00:10", StepStatus.Completed)]
    [InlineData(null, StepStatus.Completed)]
    public void A_clock_that_was_set_back_ends_no_step_that_was_never_claimed(string? at, StepStatus? status) =>
        Assert.Equal(status, StepFold.Fold(Life, at is null ? null : At(at))?.Status);

    private static JournalEvent Event(long sequence, string type, string time, string payload) => new()
    {
        Sequence = sequence,
        EventId = $"e{sequence}",
        EventType = type,
        Timestamp = At(time),
        ActorId = "p",
        Hash = string.Empty,
        Canonical = default,
        Payload = EventPayload.From(JsonElement.Parse(payload)).Made,
    };

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-01-24T{time}Z", System.Globalization.CultureInfo.InvariantCulture);
}
