using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Graph;
using Refinery.Kernel.Storage;
using static Refinery.Tests.Graph.EventBundle;

namespace Refinery.Tests.Graph;

/// <summary>What becomes of bundles: each whole or not at all, none twice.</summary>
public sealed class IngestTests
{
    private const string Noon = "2026-01-24T12:00:00Z";

    [Fact]
    public async Task A_bundle_sent_again_is_acknowledged_and_not_written_twice()
    {
        await using var host = await StartHostAsync();
        object[] events = [Event("e1", "attempt.created", Noon, new { attempt_id = "a1", z = 1.0, a = "é" }), Event("e2", "tests.passed", Noon, new { attempt_id = "a1" })];

        var first = await SendAsync(host, events);
        var length = (await host.GetAsync("/v1/graph/verify")).GetProperty("length").GetInt64();
        var second = await SendAsync(host, [.. events, Event("e3", "tests.failed", Noon, new { })]);

        Assert.Equal("""{"ingested":2,"bundle_id":"bundle","status":"ok","new":2,"duplicates":0}""", first.Body.GetRawText());
        Assert.Equal("""{"ingested":3,"bundle_id":"bundle","status":"ok","new":1,"duplicates":2}""", second.Body.GetRawText());
        var verdict = await host.GetAsync("/v1/graph/verify");
        Assert.True(verdict.GetProperty("valid").GetBoolean());
        Assert.Equal(length + 1, verdict.GetProperty("length").GetInt64());
    }

    [Fact]
    public async Task Another_event_under_a_known_id_refuses_the_whole_bundle_by_its_name()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, [Event("e1", "attempt.created", Noon, new { attempt_id = "a1" })]);

        var refused = await SendAsync(host, [Event("new", "attempt.created", Noon, new { attempt_id = "a2" }), Event("e1", "attempt.created", Noon, new { attempt_id = "other" })]);
        var skipped = await SendAsync(
            host, [Event("new", "attempt.created", Noon, new { attempt_id = "a2" }), Event("e1", "attempt.created", Noon, new { attempt_id = "other" })], query: "?on_conflict=skip");

        Assert.Equal(409, refused.Status);
        Assert.Contains("'e1'", refused.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal((200, 1), (skipped.Status, skipped.Body.GetProperty("new").GetInt32()));
        Assert.Equal("e1", skipped.Body.GetProperty("conflicts")[0].GetString());
    }

    [Fact]
    public async Task A_refused_bundle_does_not_run_the_writes_beside_it_again()
    {
        await using var host = await StartHostAsync();
        await SendAsync(host, [Event("e1", "attempt.created", Noon, new { attempt_id = "a1" })]);
        var (database, ingest) = (host.Services.GetRequiredService<Database>(), host.Services.GetRequiredService<Ingest>());
        var refused = new Bundle("t", "b", [Sent("fresh"), Sent("e1"), Sent("other")]);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = 0;

        var held = database.WriteAsync(async _ => { await gate.Task; return 0; }, CancellationToken.None);
        var beside = database.WriteAsync(_ => Task.FromResult(++runs), CancellationToken.None);
        var taken = ingest.TakeAsync(refused, skipConflicts: false, CancellationToken.None);
        gate.SetResult();
        await Task.WhenAll(held, beside, taken);

        Assert.Equal(1, runs);
        Assert.Equal(["e1"], (await taken).Conflicts);
        Assert.Equal(0, (await taken).New);
        Assert.Equal(0, (await host.GetAsync("/v1/attempts/x")).GetProperty("events").GetArrayLength());

        static BundleEvent Sent(string id) => new(id, "attempt.started", Noon, JsonElement.Parse("""{"attempt_id":"x"}"""));
    }

    [Fact]
    public async Task Artifacts_without_an_event_are_refused_for_they_have_no_instant()
    {
        await using var host = await StartHostAsync();

        var detail = await host.PostRefusedAsync("/v1/events/ingest", """{"target":"t","bundle_id":"b","events":[],"artifacts":[{"sha256":"abc","attempt_id":"a1"}]}""");

        Assert.Contains("'artifacts'", detail, StringComparison.Ordinal);
        Assert.Equal("{}", (await host.GetAsync("/v1/graph/summary")).GetProperty("nodes_by_type").GetRawText());
    }

    [Fact]
    public async Task An_id_that_comes_twice_in_one_bundle_counts_once_and_must_say_the_same()
    {
        await using var host = await StartHostAsync();
        var one = Event("e1", "attempt.created", Noon, new { attempt_id = "a1" });

        var same = await SendAsync(host, [one, one]);
        var other = await SendAsync(host, [Event("e2", "attempt.created", Noon, new { attempt_id = "a2" }), Event("e2", "attempt.failed", Noon, new { attempt_id = "a2" })]);

        Assert.Equal((1, 1), (same.Body.GetProperty("new").GetInt32(), same.Body.GetProperty("duplicates").GetInt32()));
        Assert.Equal(409, other.Status);
        Assert.Equal(0, (await host.GetAsync("/v1/attempts/a2")).GetProperty("events").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"event_id":"","event_type":"x","timestamp":"2026-01-24T10:00:00Z","payload":{}}""", "events[1].event_id")]
    [InlineData("""{"event_id":"e","event_type":"x","timestamp":"yesterday","payload":{}}""", "events[1].timestamp")]
    [InlineData("""{"event_id":"e","event_type":"x","timestamp":"2026-01-24T10:00:00Z","payload":[]}""", "events[1].payload")]
    [InlineData("""{"event_id":"e","event_type":"x","timestamp":"2026-01-24T10:00:00Z","payload":{"n":1e999}}""", "events[1].payload")]
    [InlineData("""{"event_id":"e","event_type":"x","timestamp":"2026-01-24T10:00:00Z"}""", "payload")]
    [InlineData("null", "events[1]")]
    public async Task A_bad_event_is_named_by_its_place_and_nothing_is_written(string bad, string named)
    {
        await using var host = await StartHostAsync();
        var before = await host.GetAsync("/v1/graph/verify");

        var detail = await host.PostRefusedAsync(
            "/v1/events/ingest",
            """{"target":"t","bundle_id":"b","events":[{"event_id":"good","event_type":"x","timestamp":"2026-01-24T10:00:00Z","payload":{}},""" + bad + "]}");

        Assert.Contains(named, detail, StringComparison.Ordinal);
        Assert.Equal(before.GetRawText(), (await host.GetAsync("/v1/graph/verify")).GetRawText());
    }

    [Fact]
    public async Task Without_the_token_not_even_the_body_is_read()
    {
        await using var host = await StartHostAsync();
        host.Http.DefaultRequestHeaders.Authorization = null;

        using var response = await host.Http.PostAsync("/v1/events/ingest", new StringContent("no json", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Trait("Engine", "sqlite")]
    [Theory]
    [InlineData("2026-01-24T10:00:00Z")]
    [InlineData("2026-01-24T10:00:00.5Z")]
    [InlineData("2026-01-24T12:00:00+02:00")]
    [InlineData("2026-01-24T10:00:00.123456Z")]
    public async Task A_timestamp_is_answered_as_it_was_sent_also_after_a_restart_from_the_journal_file(string timestamp)
    {
        using var folder = new TemporaryFolder();
        await using (var host = await StartHostAsync())
        {
            await SendAsync(host, [Event("e1", "attempt.created", timestamp, new { attempt_id = "a1" })]);
            Assert.Equal(timestamp, (await host.GetAsync("/v1/attempts/a1")).GetProperty("events")[0].GetProperty("timestamp").GetString());
            Assert.Equal(timestamp, (await host.GetAsync("/v1/graph/summary")).GetProperty("recent_events")[0].GetProperty("timestamp").GetString());
            File.Copy(Path.Combine(host.DataDirectory, "journal.ndjson"), Path.Combine(folder.Path, "journal.ndjson"));
        }

        await using var restored = await RefineryHost.StartAsync(folder, ("LEVIATHAN_CONTROL_PLANE_TOKEN", "t"));
        restored.Http.DefaultRequestHeaders.Authorization = new("Bearer", "t");
        Assert.Equal(timestamp, (await restored.GetAsync("/v1/attempts/a1")).GetProperty("events")[0].GetProperty("timestamp").GetString());
    }

    [Fact]
    public async Task Overlapping_bundles_of_many_callers_leave_each_event_once()
    {
        const int Callers = 16;
        const int Rounds = 12;
        await using var host = await StartHostAsync();
        var before = (await host.GetAsync("/v1/graph/verify")).GetProperty("length").GetInt64();

        var answers = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            var added = 0;
            for (var round = 0; round < Rounds; round++)
            {
                // Every caller sends the events of this round and of the next.
                var events = Enumerable.Range(round * 10, 20).Select(number => Event($"e{number}", "attempt.created", Noon, new { attempt_id = $"a{number}" })).ToArray();
                var (status, body) = await SendAsync(host, events);
                Assert.Equal((200, 20), (status, body.GetProperty("ingested").GetInt32()));
                added += body.GetProperty("new").GetInt32();
            }

            return added;
        })));

        const int Different = (Rounds + 1) * 10;
        var verdict = await host.GetAsync("/v1/graph/verify");
        Assert.Equal(Different, answers.Sum());
        Assert.True(verdict.GetProperty("valid").GetBoolean());
        Assert.Equal(before + Different, verdict.GetProperty("length").GetInt64());
        Assert.Equal(Different, (await host.GetAsync("/v1/graph/summary")).GetProperty("nodes_by_type").GetProperty("Attempt").GetInt32());
    }

    [Fact]
    public async Task The_list_of_artifacts_is_kept_and_linked_to_the_attempt_once()
    {
        await using var host = await StartHostAsync();
        object[] events = [Event("e1", "attempt.created", Noon, new { attempt_id = "a1" })];
        object[] artifacts = [new { sha256 = "abc123", kind = "log", uri = "file:///path/to/artifact", size = 1024 }];

        var first = await SendAsync(host, events, artifacts);
        await SendAsync(host, [Event("e2", "attempt.started", "2026-01-24T13:00:00Z", new { attempt_id = "a1" })], artifacts);

        Assert.Equal(1, first.Body.GetProperty("ingested").GetInt32());
        var artifact = Assert.Single((await host.GetAsync("/v1/attempts/a1")).GetProperty("artifacts").EnumerateArray());
        Assert.Equal(("log", 1024), (artifact.GetProperty("properties").GetProperty("artifact_type").GetString(), artifact.GetProperty("properties").GetProperty("size_bytes").GetInt32()));
        Assert.Equal(1, (await host.GetAsync("/v1/graph/summary")).GetProperty("edges_by_type").GetProperty("PRODUCED").GetInt32());
    }
}
