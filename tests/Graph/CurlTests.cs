using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Refinery.Tests.Fleet;
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

        var answers = Documents(await RunAsync(string.Join('\n', Page("bash").Take(3)), home, host));

        Assert.Equal(3, answers.Count);
        Assert.Equal(1, answers[0].GetProperty("ingested").GetInt32());
        Assert.Equal(1, answers[1].GetProperty("nodes_by_type").GetProperty("Target").GetInt32());
        Assert.Equal("evt-001", answers[1].GetProperty("recent_events")[0].GetProperty("event_id").GetString());
        Assert.Equal(JsonValueKind.Null, answers[2].GetProperty("attempt_node").ValueKind);
    }

    [Trait("Engine", "sqlite")]
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
        var (code, output) = await PythonChild.RunAsync("-c", Page("python")[0], Path.Combine(host.DataDirectory, "journal.ndjson"));

        Assert.Equal((0, head), (code, output.Trim()));
    }

    [Trait("Engine", "sqlite")]
    [Fact]
    public async Task The_commands_that_prove_the_journal_run_as_written()
    {
        using var home = new TemporaryFolder();
        await using var host = await EventBundle.StartHostAsync(("HINT_CATALOGUE", "0"));
        var parts = Page("bash")[3].Split("\n\n");
        await EventBundle.SendNumberedAsync(host, first: 1, count: 1204);

        await RunAsync(parts[0], home, host);
        await EventBundle.SendNumberedAsync(host, first: 1205, count: 96);
        File.Copy(Path.Combine(host.DataDirectory, "journal.ndjson"), home.File("journal.ndjson"));
        var told = await RunAsync(string.Join('\n', parts[1..]), home, host);
        var (code, root) = await PythonChild.RunAsync("-c", Page("python")[1], home.File("journal.ndjson"), "1204");

        var monday = JsonElement.Parse(await File.ReadAllTextAsync(home.File("monday.json")));
        Assert.Equal((0, monday.GetProperty("root_hash").GetString()), (code, root.Trim()));
        Assert.Collection(
            told.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("The journal is valid: 1300 events, head ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("Its first 1204 events are those that refinery/", line, StringComparison.Ordinal),
            line => Assert.EndsWith(" goes on from the checkpoint of 1204: none of those was changed.", line, StringComparison.Ordinal),
            line => Assert.StartsWith("Event 1 is in the journal of 1300 events that refinery/", line, StringComparison.Ordinal));
    }

    [NodeFact]
    public async Task The_pages_webcrypto_verifies_what_was_signed_and_nothing_else()
    {
        using var home = new TemporaryFolder();
        await using var host = await EventBundle.StartHostAsync();
        await File.WriteAllTextAsync(home.File("verify.mjs"), Page("js").Single());
        await RunAsync(Page("bash")[3].Split("\n\n")[0], home, host);
        var monday = await File.ReadAllTextAsync(home.File("monday.json"));
        await File.WriteAllTextAsync(home.File("other.json"), monday.Replace("\\n20", "\\n21", StringComparison.Ordinal));

        // A signature in a hundred has a half that is shorter than 32 bytes.
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal("true", (await RunAsync("curl -s http://localhost:8000/api/journal/checkpoint > now.json; node verify.mjs refinery.pem now.json", home, host)).Trim());
        }

        Assert.NotEqual(monday, await File.ReadAllTextAsync(home.File("other.json")));
        Assert.Equal("true\nfalse", (await RunAsync("node verify.mjs refinery.pem monday.json; node verify.mjs refinery.pem other.json", home, host)).Trim());
    }

    private static IReadOnlyList<string> Page(string language) =>
        [.. Blocks().Matches(File.ReadAllText(Path.Combine(Paths.Repository, "docs", "spec", "event-graph.md"))).Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["text"].Value)];

    /// <summary>Runs commands in a folder. They name the port that the page does and the program as it is called; only where these lead is set from outside.</summary>
    private static async Task<string> RunAsync(string commands, TemporaryFolder home, RefineryHost host)
    {
        await File.WriteAllTextAsync(home.File(".curlrc"), $"silent\nconnect-to = \"localhost:8000:{host.Http.BaseAddress!.Authority}\"\n");
        var start = new ProcessStartInfo("bash", ["-e", "-c", $"refinery() {{ dotnet '{Paths.HostProgram}' \"$@\"; }}\n{commands}"]) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = home.Path };
        start.Environment["CURL_HOME"] = home.Path;
        using var shell = Process.Start(start)!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"The commands ended with {shell.ExitCode}: {output}");
        return output;
    }

    private static List<JsonElement> Documents(string text)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { AllowMultipleValues = true });
        var documents = new List<JsonElement>();
        while (reader.Read())
        {
            documents.Add(JsonElement.ParseValue(ref reader));
        }

        return documents;
    }

    [GeneratedRegex("^```(?<language>bash|python|js)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Blocks();
}
