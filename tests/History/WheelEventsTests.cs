using System.Buffers;
using System.Text.Json;
using Refinery.History;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.History;

/// <summary>Which history rows a journal event makes.</summary>
public sealed class WheelEventsTests
{
    private const string Wheel = """
        "package":"Foo","version":"1.0","python_tag":"cp312","run_id":"r","build_id":"build-1","task_id":"step_1","attempt_number":2
        """;

    [Theory]
    [InlineData("task.created", "", "queued")]
    [InlineData("attempt.created", "", "")]
    [InlineData("attempt.started", "", "building")]
    [InlineData("attempt.succeeded", "", "built")]
    [InlineData("attempt.succeeded", ",\"outcome\":\"reused\"", "reused")]
    [InlineData("attempt.failed", ",\"will_retry\":true", "failed_attempt retry")]
    [InlineData("attempt.failed", ",\"will_retry\":false", "failed")]
    [InlineData("attempt.failed", ",\"failure_reason\":\"missing\"", "missing")]
    [InlineData("attempt.failed", ",\"failure_reason\":\"system_recipe_failed\"", "system_recipe_failed")]
    [InlineData("attempt.failed", ",\"failure_reason\":\"built\"", "failed")]
    [InlineData("attempt.invalidated", "", "cancelled")]
    [InlineData("attempt.invalidated", ",\"requeued\":true", "retry")]
    [InlineData("task.updated", ",\"status\":\"cancelled\"", "cancelled")]
    [InlineData("task.updated", ",\"status\":\"blocked\"", "")]
    [InlineData("history.recorded", ",\"status\":\"cached\"", "cached")]
    [InlineData("history.recorded", ",\"status\":\"nonsense\"", "")]
    [InlineData("log.stored", "", "")]
    public void Each_event_of_a_wheel_makes_its_rows(string type, string more, string statuses)
    {
        var rows = WheelEvents.Rows(Link(type, "{" + Wheel + more + "}"));

        Assert.Equal(statuses, string.Join(' ', rows.Select(row => row.Status)));
        Assert.All(rows, row => Assert.Equal(("Foo", "foo", "1.0", "cp312", "r"), (row.Name, row.NameKey, row.Version, row.PythonTag, row.RunId)));
    }

    [Fact]
    public void A_step_that_is_no_wheel_makes_no_row() =>
        Assert.Empty(WheelEvents.Rows(Link("task.created", """{"task_id":"step_1","step_type":"http"}""")));

    [Fact]
    public void The_retry_comes_after_the_failed_attempt_and_repeats_neither_its_detail_nor_its_duration()
    {
        var rows = WheelEvents.Rows(Link("attempt.failed", "{" + Wheel + """
            ,"will_retry":true,"detail":"No header.","duration_ms":12,"matched_hint_ids":["h1"],"not_before":"2026-01-01T00:00:10.000000Z"}
            """));

        Assert.Equal((14L, 15L), (rows[0].Id, rows[1].Id));
        Assert.Equal(("No header.", 12d, 2L), (rows[0].Detail, rows[0].DurationMs, rows[0].Attempt));
        Assert.Equal("The next attempt starts after 2026-01-01T00:00:10.000000Z.", rows[1].Detail);
        Assert.Null(rows[1].DurationMs);
        Assert.Equal("""["h1"]""", rows[0].MatchedHintIds);
        Assert.Equal("""{"step_id":"step_1","build_id":"build-1"}""", rows[0].Metadata);
    }

    [Theory]
    [InlineData("""{"package":7,"version":"1"}""")]
    [InlineData("""{"package":"","version":"1"}""")]
    [InlineData("""{"package":{"a":1}}""")]
    public void A_strangers_event_without_a_package_name_makes_no_row(string payload) =>
        Assert.Empty(WheelEvents.Rows(Link("attempt.failed", payload)));

    [Fact]
    public void A_strangers_event_with_wrong_types_loses_only_those_members()
    {
        var row = Assert.Single(WheelEvents.Rows(Link("attempt.started", """
            {"package":"a\u0000b","version":[1],"run_id":5,"attempt_number":"x","duration_ms":-5,"matched_hint_ids":"h","detail":true}
            """)));

        Assert.Equal(("a\uFFFDb", string.Empty), (row.Name, row.Version));
        Assert.Null(row.RunId);
        Assert.Null(row.Attempt);
        Assert.Null(row.DurationMs);
        Assert.Null(row.MatchedHintIds);
        Assert.Null(row.Detail);
    }

    private static JournalEvent Link(string type, string payload) => EventChain.Link(
        new EventDraft(type, EventPayload.From(JsonElement.Parse(payload))) { EventId = "e", Timestamp = Instant.Parse("2026-01-01T00:00:00Z") },
        new JournalHead(6, "0"),
        new ArrayBufferWriter<byte>());
}
