using System.Buffers;
using System.Text;
using System.Text.Json;
using Refinery.Kernel.Journal;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>The chain gives the answers that were computed elsewhere.</summary>
public sealed class EventChainTests
{
    [Fact]
    public void The_two_known_answers_come_out()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var first = EventChain.Link(
            Draft("target.registered", "evt-001", "system", "2026-01-24T10:00:00Z", """{"target_id":"radix","node_id":"radix","node_type":"Target","name":"radix","repo_url":"git@github.com:iangreen74/radix.git","default_branch":"main","created_at":"2026-01-24T10:00:00Z"}"""),
            JournalHead.Genesis,
            buffer);
        var second = EventChain.Link(
            Draft("attempt.created", "evt-002", null, "2026-01-24T10:00:01.25Z", """{"z":null,"s":"é\u2028<&\"","n":1.0,"big":1E16,"b":true,"attempt_id":"attempt-001","a":[1,{"y":2,"x":1}]}"""),
            new JournalHead(1, first.Hash),
            buffer);

        Assert.Equal("4620f5d6c4b4f2492987a39693c1baccf053defb2ec559d8468182f6ee90e479", first.Hash);
        Assert.Equal("ba54a40b9b5f1407bb655313334631d6807dde5595cb745dcea566e697983435", second.Hash);
        Assert.Contains("\"s\":\"\\u00e9\\u2028<&\\\"\"", Encoding.ASCII.GetString(second.Canonical.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Payloads_that_are_built_side_by_side_do_not_mix()
    {
        for (var round = 0; round < 3; round++)
        {
            var (first, second) = (new EventPayload(), new EventPayload());
            _ = new EventPayload().Add("left", "unfinished");
            first.Add("b", 1);
            second.Add("b", 2);
            first.Add("a", "one");
            second.Add("a", "two");

            Assert.Equal("""{"a":"two","b":2}""", Text(second.Seal()));
            Assert.Equal("""{"a":"one","b":1}""", Text(first.Seal()));
            Assert.Equal("{}", Text(new EventPayload().Seal()));
            Assert.Throws<InvalidOperationException>(() => first.Add("c", 3));
        }

        static string Text(EventPayload payload) => Encoding.UTF8.GetString(payload.Made.Text);
    }

    private static EventDraft Draft(string type, string id, string? actor, string timestamp, string payload) =>
        new(type, EventPayload.From(JsonDocument.Parse(payload).RootElement))
        {
            EventId = id,
            ActorId = actor,
            Timestamp = Refinery.Kernel.Storage.Instant.Parse(timestamp),
        };
}
