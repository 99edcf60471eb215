using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Tests.Graph;

/// <summary>Checkpoints and proofs of the live journal, checked by the public key alone.</summary>
public sealed class JournalProofTests
{
    /// <summary>Enough for a tile of tiles, and some lines more.</summary>
    private const int Many = 66_000;

    [Trait("Engine", "sqlite")]
    [Fact]
    public async Task A_checkpoint_is_signed_and_counts_every_line_of_the_file()
    {
        await using var host = await EventBundle.StartHostAsync();
        await EventBundle.SendNumberedAsync(host, first: 1, count: 700);

        var checkpoint = await OpenAsync(host, await host.GetAsync("/api/journal/checkpoint"));

        var lines = await LinesAsync(host);
        Assert.Equal(lines.Count, checkpoint.Tree.Size);
        Assert.Equal(MerkleFrontier.RootOf(lines.Select(line => MerkleHash.Leaf(Encoding.UTF8.GetBytes(line)))), checkpoint.Tree.Root);
        Assert.Equal(JsonElement.Parse(lines[^1]).GetProperty("hash").GetString(), checkpoint.HeadHash);
    }

    [Fact]
    public async Task An_empty_journal_has_a_checkpoint_and_no_proof()
    {
        await using var host = await EventBundle.StartHostAsync(("HINT_CATALOGUE", "0"));

        var checkpoint = await OpenAsync(host, await host.GetAsync("/api/journal/checkpoint"));

        Assert.Equal((0L, null), (checkpoint.Tree.Size, checkpoint.HeadHash));
        Assert.Equal(MerkleHash.Empty, checkpoint.Tree.Root);
        await AssertRefusedAsync(host, "sequence=1", HttpStatusCode.NotFound, "The journal has no event 1 yet.");
        await AssertRefusedAsync(host, "from=1", HttpStatusCode.NotFound, "The journal has fewer than 1 events.");
    }

    [Theory]
    [InlineData("", "Either the parameter 'sequence', an event's, or 'from', the size of an older checkpoint, is expected.")]
    [InlineData("sequence=1&from=1", "Either the parameter 'sequence', an event's, or 'from', the size of an older checkpoint, is expected.")]
    [InlineData("sequence=0", "The parameter 'sequence' is '0'; a whole number of 1 or more is expected.")]
    [InlineData("from=x", "The parameter 'from' is 'x'; a whole number of 0 or more is expected.")]
    public async Task A_proof_of_nothing_is_refused(string query, string detail)
    {
        await using var host = await EventBundle.StartHostAsync();

        await AssertRefusedAsync(host, query, HttpStatusCode.BadRequest, detail);
    }

    [Trait("Engine", "sqlite")]
    [Fact]
    public async Task Every_proof_of_a_long_journal_holds_and_says_the_line_of_the_file()
    {
        await using var host = await EventBundle.StartHostAsync(("HINT_CATALOGUE", "0"));
        var older = new List<Checkpoint>();
        foreach (var size in new[] { 1, 255, 256, 257, 1000, 40_000, Many })
        {
            var sent = older.Count == 0 ? 0 : (int)older[^1].Tree.Size;
            await EventBundle.SendNumberedAsync(host, first: sent + 1, count: size - sent);
            older.Add(await OpenAsync(host, await host.GetAsync("/api/journal/checkpoint")));
        }

        var lines = await LinesAsync(host);
        foreach (var sequence in new[] { 1, 2, 255, 256, 257, 511, 512, 40_001, 65_535, 65_536, 65_537, Many - 1, Many })
        {
            var proof = await ProofAsync(host, $"sequence={sequence}");

            Assert.Equal(lines[sequence - 1], proof.Line);
            Assert.Null(proof.Fault((await SealAsync(host)).Open(proof.Checkpoint.Note)!, before: null));
        }

        foreach (var before in older)
        {
            var proof = await ProofAsync(host, $"from={before.Tree.Size}");

            Assert.Null(proof.Fault((await SealAsync(host)).Open(proof.Checkpoint.Note)!, before));
        }
    }

    [Fact]
    public async Task A_proof_of_something_else_does_not_hold()
    {
        await using var host = await EventBundle.StartHostAsync(("HINT_CATALOGUE", "0"));
        await EventBundle.SendNumberedAsync(host, first: 1, count: 300);
        var before = await OpenAsync(host, await host.GetAsync("/api/journal/checkpoint"));
        await EventBundle.SendNumberedAsync(host, first: 301, count: 400);
        var (event5, goesOn) = (await ProofAsync(host, "sequence=5"), await ProofAsync(host, "from=300"));
        var now = (await SealAsync(host)).Open(event5.Checkpoint.Note)!;

        Assert.NotNull((event5 with { Line = event5.Line!.Replace("\"target\":\"radix\"", "\"target\":\"other\"", StringComparison.Ordinal) }).Fault(now, before: null));
        Assert.NotNull((event5 with { Sequence = 6 }).Fault(now, before: null));
        Assert.NotNull((event5 with { Hashes = [.. event5.Hashes.Skip(1)] }).Fault(now, before: null));
        Assert.NotNull((event5 with { Hashes = ["rubbish"] }).Fault(now, before: null));
        Assert.NotNull((goesOn with { From = 299 }).Fault(now, before));
        Assert.NotNull(goesOn.Fault(now, before: null));
        Assert.NotNull(goesOn.Fault(now, before with { Tree = before.Tree with { Root = MerkleHash.Empty } }));
        Assert.NotNull((goesOn with { From = null }).Fault(now, before));
    }

    [Fact]
    public async Task A_note_that_another_key_signed_or_somebody_changed_is_not_opened()
    {
        await using var host = await EventBundle.StartHostAsync();
        await using var other = await EventBundle.StartHostAsync();
        var note = (await host.GetAsync("/api/journal/checkpoint")).GetProperty("note").GetString()!;
        var seal = await SealAsync(host);

        Assert.NotNull(seal.Open(note));
        Assert.Null((await SealAsync(other)).Open(note));
        for (var at = 0; at < note.IndexOf("\n\n", StringComparison.Ordinal); at++)
        {
            Assert.Null(seal.Open($"{note[..at]}{(note[at] == 'x' ? 'y' : 'x')}{note[(at + 1)..]}"));
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task The_key_is_made_once_and_only_its_owner_may_read_it()
    {
        using var folder = new TemporaryFolder();
        var first = await RefineryHost.StartAsync(folder);
        var key = await first.Http.GetStringAsync("/api/journal/key");
        await first.StopAsync();

        await using var second = await RefineryHost.StartAsync(folder);

        Assert.Equal(key, await second.Http.GetStringAsync("/api/journal/key"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("checkpoint.pem")));
        Assert.DoesNotContain("PRIVATE", key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_key_and_one_of_another_curve_do_not_sign()
    {
        using var folder = new TemporaryFolder();
        using var ours = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        foreach (var pem in new[] { ours.ExportSubjectPublicKeyInfoPem(), other.ExportPkcs8PrivateKeyPem() })
        {
            await File.WriteAllTextAsync(folder.File("key.pem"), pem);

            var fault = await Assert.ThrowsAsync<Refinery.Host.StartupException>(() => RefineryHost.StartAsync(folder, ("CHECKPOINT_KEY_FILE", folder.File("key.pem"))));

            Assert.Contains("holds no private key of the kind ECDSA P-256 in PEM;", fault.Message, StringComparison.Ordinal);
        }

        Assert.Null(CheckpointSeal.Read(other.ExportSubjectPublicKeyInfoPem()));
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("")]
    public async Task A_start_with_a_broken_key_is_refused_by_one_sentence(string content)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("key.pem"), content);

        var fault = await Assert.ThrowsAsync<Refinery.Host.StartupException>(() => RefineryHost.StartAsync(folder, ("CHECKPOINT_KEY_FILE", folder.File("key.pem"))));

        Assert.StartsWith($"CHECKPOINT_KEY_FILE '{folder.File("key.pem")}' holds no private key of the kind ECDSA P-256 in PEM;", fault.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(folder.File("key.pem")));
    }

    [Trait("Engine", "sqlite")]
    [Fact]
    public async Task A_journal_of_an_older_version_gets_its_tree_at_the_next_start()
    {
        using var folder = new TemporaryFolder();
        var settings = ("HINT_CATALOGUE", "0");
        var first = await RefineryHost.StartAsync(folder, ("LEVIATHAN_CONTROL_PLANE_TOKEN", "graph-token"), settings);
        first.Http.DefaultRequestHeaders.Authorization = new("Bearer", "graph-token");
        await EventBundle.SendNumberedAsync(first, first: 1, count: 700);
        var before = await OpenAsync(first, await first.GetAsync("/api/journal/checkpoint"));
        await first.StopAsync();
        Forget(folder);

        await using var second = await RefineryHost.StartAsync(folder, settings);

        Assert.Equal(before.Tree.Root, (await OpenAsync(second, await second.GetAsync("/api/journal/checkpoint"))).Tree.Root);
    }

    [Trait("Engine", "sqlite")]
    [Fact]
    public async Task Commits_that_fail_leave_no_trace_in_the_tree()
    {
        await using var host = await EventBundle.StartHostAsync(("HINT_CATALOGUE", "0"));
        for (var round = 0; round < 6; round++)
        {
            await EventBundle.SendNumberedAsync(host, first: (round * 100) + 1, count: 100);

            // Refused as a whole only once the group had linked it: the id is taken.
            var database = host.Services.GetRequiredService<Refinery.Kernel.Storage.Database>();
            await Assert.ThrowsAnyAsync<Exception>(() => database.WriteAsync<bool>(
                sql =>
                {
                    sql.Append(new EventDraft("test.fails", new EventPayload()) { EventId = $"fails-{round}" });
                    sql.Append(new EventDraft("test.fails", new EventPayload()) { EventId = "evt-1" });
                    return Task.FromResult(true);
                },
                CancellationToken.None));
        }

        var checkpoint = await OpenAsync(host, await host.GetAsync("/api/journal/checkpoint"));

        Assert.Equal(600, checkpoint.Tree.Size);
        Assert.Equal(MerkleFrontier.RootOf((await LinesAsync(host)).Select(line => MerkleHash.Leaf(Encoding.UTF8.GetBytes(line)))), checkpoint.Tree.Root);
    }

    private static void Forget(TemporaryFolder folder)
    {
        using var database = new SqliteConnection($"Data Source={folder.File("refinery.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "DELETE FROM journal_tiles WHERE level > 0";
        Assert.Equal(2, command.ExecuteNonQuery());
    }

    private static async Task<List<string>> LinesAsync(RefineryHost host)
    {
        using var reader = new StreamReader(new FileStream(Path.Combine(host.DataDirectory, "journal.ndjson"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static async Task<CheckpointSeal> SealAsync(RefineryHost host) => CheckpointSeal.Read(await host.Http.GetStringAsync("/api/journal/key"))!;

    private static async Task<Checkpoint> OpenAsync(RefineryHost host, JsonElement answer)
    {
        var checkpoint = (await SealAsync(host)).Open(answer.GetProperty("note").GetString()!)!;
        Assert.Equal(
            (checkpoint.Origin, checkpoint.Tree.Size, Convert.ToHexStringLower(checkpoint.Tree.Root)),
            (answer.GetProperty("origin").GetString(), answer.GetProperty("size").GetInt64(), answer.GetProperty("root_hash").GetString()));
        return checkpoint;
    }

    private static async Task<JournalProof> ProofAsync(RefineryHost host, string query) =>
        (await host.GetAsync($"/api/journal/proof?{query}")).Deserialize<JournalProof>(RefineryJson.Options)!;

    private static async Task AssertRefusedAsync(RefineryHost host, string query, HttpStatusCode status, string detail)
    {
        using var response = await host.Http.GetAsync($"/api/journal/proof?{query}");
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal((status, detail), (response.StatusCode, body.GetProperty("detail").GetString()));
    }
}
