using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Refinery.Tests.Kernel.Journal;

namespace Refinery.Tests.Graph;

/// <summary>The page's own commands, run as they are written.</summary>
public sealed partial class CurlTests
{
    [Fact]
    public async Task The_three_examples_run_as_written()
    {
        using var home = new TemporaryFolder();
        await using var host = await RefineryHost.StartAsync(("LEVIATHAN_CONTROL_PLANE_TOKEN", "your-secret-token"), ("HINT_CATALOGUE", "0"));

        // The commands name the port that the page does; only where that port leads is set from outside.
        await File.WriteAllTextAsync(home.File(".curlrc"), $"silent\nconnect-to = \"localhost:8000:{host.Http.BaseAddress!.Authority}\"\n");
        var answers = await RunAsync(string.Join('\n', Page("bash")), home.Path);

        Assert.Equal(3, answers.Count);
        Assert.Equal(1, answers[0].GetProperty("ingested").GetInt32());
        Assert.Equal(1, answers[1].GetProperty("nodes_by_type").GetProperty("Target").GetInt32());
        Assert.Equal("evt-001", answers[1].GetProperty("recent_events")[0].GetProperty("event_id").GetString());
        Assert.Equal(JsonValueKind.Null, answers[2].GetProperty("attempt_node").ValueKind);
    }

    [Fact]
    public async Task Ten_thousand_events_of_any_kind_are_chained_as_the_pages_python_chains_them()
    {
        const string Token = "graph-token";
        await using var host = await RefineryHost.StartAsync(("LEVIATHAN_CONTROL_PLANE_TOKEN", Token), ("HINT_CATALOGUE", "0"));
        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var source = new JsonSource(seed: 4);
        for (var bundle = 0; bundle < 10; bundle++)
        {
            var events = Enumerable.Range(bundle * 1000, 1000).Select(number =>
                $$"""{"event_id":"evt-{{number}}","event_type":"model.call_started","timestamp":"2026-01-24T10:00:00.{{number:D6}}Z","actor_id":null,"payload":{"attempt_id":"a","v":{{source.Next()}}} }""");
            using var body = new StringContent($$"""{"target":"radix","bundle_id":"b-{{bundle}}","events":[{{string.Join(',', events)}}]}""", Encoding.UTF8, "application/json");
            using var answer = await host.Http.PostAsync("/v1/events/ingest", body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        var head = (await host.GetAsync("/v1/graph/verify")).GetProperty("head_hash").GetString();
        var (code, output) = await PythonChild.RunAsync("-c", Page("python").Single(), Path.Combine(host.DataDirectory, "journal.ndjson"));

        Assert.Equal((0, head), (code, output.Trim()));
    }

    private static IReadOnlyList<string> Page(string language) =>
        [.. Blocks().Matches(File.ReadAllText(Path.Combine(Paths.Repository, "docs", "spec", "event-graph.md"))).Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["text"].Value)];

    private static async Task<IReadOnlyList<JsonElement>> RunAsync(string commands, string curlHome)
    {
        var start = new ProcessStartInfo("bash", ["-e", "-c", commands]) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["CURL_HOME"] = curlHome;
        using var shell = Process.Start(start)!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
        return Documents(Encoding.UTF8.GetBytes(output));
    }

    private static List<JsonElement> Documents(byte[] text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { AllowMultipleValues = true });
        var documents = new List<JsonElement>();
        while (reader.Read())
        {
            documents.Add(JsonElement.ParseValue(ref reader));
        }

        return documents;
    }

    [GeneratedRegex("^```(?<language>bash|python)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Blocks();
}
