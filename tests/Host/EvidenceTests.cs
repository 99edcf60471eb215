using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Refinery.Tests.Graph;

namespace Refinery.Tests.Host;

/// <summary><c>refinery verify</c> with what was kept elsewhere: key, checkpoint, proof.</summary>
public sealed class EvidenceTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private JsonElement checkpoint;

    private string When => $"{checkpoint.GetProperty("timestamp").GetString()![..19]}Z";

    private string Origin => checkpoint.GetProperty("origin").GetString()!;

    private string Head => checkpoint.GetProperty("head_hash").GetString()!;

    public async Task InitializeAsync()
    {
        var host = await EventBundle.StartHostAsync(("DATA_DIR", folder.File("data")), ("HINT_CATALOGUE", "0"));
        await EventBundle.SendNumberedAsync(host, first: 1, count: 300);
        await KeepAsync(host, "key", "key.pem");
        await KeepAsync(host, "checkpoint", "checkpoint.json");
        checkpoint = JsonElement.Parse(await File.ReadAllTextAsync(folder.File("checkpoint.json")));
        await EventBundle.SendNumberedAsync(host, first: 301, count: 1);
        await KeepAsync(host, "proof?sequence=17", "event.json");
        await KeepAsync(host, "proof?from=300", "later.json");
        await host.StopAsync();
        File.Copy(Path.Combine(folder.File("data"), "journal.ndjson"), folder.File("journal.ndjson"));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_copy_of_the_journal_is_the_one_that_was_signed()
    {
        var (code, told) = await VerifyAsync("--file", "journal.ndjson", "--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((0, $"Its first 300 events are those that {Origin} signed at {When}."), (code, told[^1]));
        Assert.StartsWith("The journal is valid: 301 events, head ", told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_books_of_the_server_itself_are_held_against_a_checkpoint()
    {
        var (code, told) = await VerifyAsync("--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((0, $"Its first 300 events are those that {Origin} signed at {When}."), (code, told[1]));
    }

    [Fact]
    public async Task A_copy_that_ends_before_the_checkpoint_is_found()
    {
        await File.WriteAllLinesAsync(folder.File("short.ndjson"), (await File.ReadAllLinesAsync(folder.File("journal.ndjson"))).Take(290));

        var (code, told) = await VerifyAsync("--file", "short.ndjson", "--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((1, $"The journal file 'short.ndjson' ends at event 290, but the checkpoint of {When} counts 300; the last 10 are missing."), (code, Assert.Single(told)));
    }

    [Fact]
    public async Task An_event_is_proven_without_a_server()
    {
        var line = (await File.ReadAllLinesAsync(folder.File("journal.ndjson")))[16];

        var (code, told) = await VerifyAsync("--proof", "event.json", "--key", "key.pem");

        Assert.Equal(0, code);
        Assert.StartsWith($"Event 17 is in the journal of 301 events that {Origin} signed at ", Assert.Single(told), StringComparison.Ordinal);
        Assert.EndsWith(line, told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_somebody_made_up_is_not()
    {
        Edit("event.json", proof => proof["line"] = proof["line"]!.GetValue<string>().Replace("evt-17", "evt-71", StringComparison.Ordinal));

        var (code, told) = await VerifyAsync("--proof", "event.json", "--key", "key.pem");

        Assert.Equal((1, "Event 17 is not shown to be in the journal of 301 events: the hashes do not lead to the signed root."), (code, Assert.Single(told)));
    }

    [Fact]
    public async Task The_journal_goes_on_from_an_older_checkpoint()
    {
        var (code, told) = await VerifyAsync("--proof", "later.json", "--checkpoint", "checkpoint.json", "--key", "key.pem");
        var (alone, asked) = await VerifyAsync("--proof", "later.json", "--key", "key.pem");

        Assert.Equal(0, code);
        Assert.EndsWith("goes on from the checkpoint of 300: none of those was changed.", Assert.Single(told), StringComparison.Ordinal);
        Assert.Equal((1, "The proof leads on from an older checkpoint; --checkpoint names that one."), (alone, Assert.Single(asked)));
    }

    [Fact]
    public async Task A_proof_of_an_event_does_not_pass_for_one_that_the_journal_goes_on()
    {
        var (plain, asked) = await VerifyAsync("--proof", "event.json", "--checkpoint", "checkpoint.json", "--key", "key.pem");
        Edit("event.json", proof => proof["from"] = 300);
        var (forged, told) = await VerifyAsync("--proof", "event.json", "--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((1, "The proof shows an event and says nothing of an older checkpoint; leave --checkpoint out, or ask the server for a proof from the checkpoint's size."), (plain, Assert.Single(asked)));
        Assert.Equal((1, "The proof is to show either an event, by sequence and line, or that the journal goes on from an older size, by from; this one does not."), (forged, Assert.Single(told)));
    }

    [Theory]
    [InlineData("[null]")]
    [InlineData("[\"00\"]")]
    [InlineData("[\"000000000000000000000000000000000000000000000000000000000000000000\"]")]
    [InlineData("[\"zz00000000000000000000000000000000000000000000000000000000000000\"]")]
    public async Task Hashes_that_are_none_are_said(string hashes)
    {
        Edit("event.json", proof => proof["hashes"] = JsonNode.Parse(hashes));

        var (code, told) = await VerifyAsync("--proof", "event.json", "--key", "key.pem");

        Assert.Equal((1, "The proof's hashes are not 64 hex digits each."), (code, Assert.Single(told)));
    }

    [Fact]
    public async Task A_tree_that_does_not_follow_from_the_lines_is_found()
    {
        Assert.Equal(1, await ChangeAsync("UPDATE journal_tiles SET root = '00' || substr(root, 3)"));

        var (code, told) = await VerifyAsync();
        await using var rebuild = HostRun.Start(folder, ["rebuild-projections"]);
        Assert.Equal(0, await rebuild.ExitAsync());

        Assert.Equal((1, "The journal's tree does not follow from its lines, so its checkpoints are wrong; rebuild-projections makes it anew."), (code, Assert.Single(told)));
        Assert.Equal(0, (await VerifyAsync()).Code);
    }

    [Fact]
    public async Task The_books_of_an_older_version_which_kept_no_tree_are_held_against_a_checkpoint()
    {
        Assert.Equal(1, await ChangeAsync("DROP TABLE journal_tiles; DELETE FROM migrations WHERE name = 'Refinery.Kernel/004_tree'"));

        var (code, told) = await VerifyAsync("--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((0, $"Its first 300 events are those that {Origin} signed at {When}."), (code, told[1]));
        Assert.Equal("The schema lacks 1 texts of this version; the next start runs them.", told[2]);
    }

    [Fact]
    public async Task An_empty_database_is_no_reason_to_accuse_the_file()
    {
        File.Delete(Path.Combine(folder.File("data"), "refinery.db"));

        var (code, told) = await VerifyAsync("--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((0, $"Its first 300 events are those that {Origin} signed at {When}."), (code, told[1]));
        Assert.Equal($"The database is empty; the next start rebuilds it from the 301 events of the journal file '{Path.Combine(folder.File("data"), "journal.ndjson")}'.", told[2]);
    }

    [Theory]
    [InlineData("--checkpoint needs --key, the file of the public key that GET /api/journal/key answers; keep it where the server cannot write.", "--checkpoint", "checkpoint.json")]
    [InlineData("--proof needs --key, the file of the public key that GET /api/journal/key answers; keep it where the server cannot write.", "--proof", "event.json")]
    [InlineData("The file 'checkpoint.json' is no public key of the kind ECDSA P-256 in PEM.", "--proof", "event.json", "--key", "checkpoint.json")]
    [InlineData("The file 'key.pem' is not a checkpoint as GET /api/journal/checkpoint answers it.", "--checkpoint", "key.pem", "--key", "key.pem")]
    [InlineData("The file 'later.json' is not a checkpoint as GET /api/journal/checkpoint answers it.", "--checkpoint", "later.json", "--key", "key.pem")]
    [InlineData("The file 'checkpoint.json' is not a proof as GET /api/journal/proof answers it.", "--proof", "checkpoint.json", "--key", "key.pem")]
    public async Task What_is_missing_or_something_else_is_said(string sentence, params string[] arguments)
    {
        var (code, told) = await VerifyAsync(arguments);

        Assert.Equal((1, sentence), (code, Assert.Single(told)));
    }

    [Fact]
    public async Task A_checkpoint_of_another_server_or_with_other_figures_is_refused()
    {
        Edit("checkpoint.json", signed => signed["note"] = signed["note"]!.GetValue<string>().Replace("\n300\n", "\n301\n", StringComparison.Ordinal));

        var (code, told) = await VerifyAsync("--checkpoint", "checkpoint.json", "--key", "key.pem");

        Assert.Equal((1, "The checkpoint 'checkpoint.json' is not signed by the key 'key.pem'."), (code, Assert.Single(told)));
    }

    private async Task<int> ChangeAsync(string sql)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(folder.File("data"), "refinery.db")};Pooling=False");
        await database.OpenAsync();
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync();
    }

    private async Task KeepAsync(RefineryHost host, string what, string name) =>
        await File.WriteAllTextAsync(folder.File(name), await host.Http.GetStringAsync($"/api/journal/{what}"));

    private void Edit(string name, Action<JsonNode> change)
    {
        var document = JsonNode.Parse(File.ReadAllText(folder.File(name)))!;
        change(document);
        File.WriteAllText(folder.File(name), document.ToJsonString());
    }

    private async Task<(int Code, string[] Told)> VerifyAsync(params string[] arguments)
    {
        await using var run = HostRun.Start(folder, ["verify", .. arguments]);
        var code = await run.ExitAsync();
        return (code, (run.Output + run.Errors).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
