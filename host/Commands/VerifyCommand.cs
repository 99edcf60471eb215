using System.CommandLine;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary><c>verify</c>: recomputes the hash chain of the journal, in the database and in its file, and reads every stored log and artifact again.</summary>
/// <remarks>It changes nothing: what the next start would mend is said, and is no fault.</remarks>
internal static class VerifyCommand
{
    private const string Description = """
        Recompute the journal's hash chain, read every stored log and artifact again, and name the first fault; nothing is changed.

        With --file only that file is read, wherever it comes from: no server, no DATA_DIR. With --checkpoint the journal must also be the
        one that was signed then; --proof checks what a server answered about itself.
        """;

    private static readonly Option<string?> JournalFile = new("--file") { Description = "A journal file to verify by itself, for example a copy of journal.ndjson." };

    private static readonly Option<string?> CheckpointFile = new("--checkpoint") { Description = "An answer of GET /api/journal/checkpoint that was kept elsewhere." };

    private static readonly Option<string?> ProofFile = new("--proof") { Description = "An answer of GET /api/journal/proof; no journal is read then." };

    private static readonly Option<string?> KeyFile = new("--key") { Description = "The public key, an answer of GET /api/journal/key that was kept elsewhere." };

    public static Command Create()
    {
        var command = new Command("verify", Description) { JournalFile, CheckpointFile, ProofFile, KeyFile };
        command.TreatUnmatchedTokensAsErrors = false; // they are told in our own sentence
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(
            stop =>
            {
                var settings = SettingWords.Read(parse.UnmatchedTokens, command.Name);
                var evidence = new Evidence(parse.GetValue(KeyFile), parse.GetValue(CheckpointFile), parse.GetValue(ProofFile));
                return evidence.Prove() is { } proven ? TellAsync(new Findings(proven.Holds, [proven.Told]))
                    : parse.GetValue(JournalFile) is { } path ? VerifyAloneAsync(path, evidence.Checkpoint())
                    : RunAsync(settings, evidence.Checkpoint(), stop);
            },
            cancellationToken));
        return command;
    }

    /// <summary>A file by itself.</summary>
    /// <exception cref="StartupException">There is no such file.</exception>
    private static async Task<int> VerifyAloneAsync(string path, Checkpoint? checkpoint)
    {
        if (!File.Exists(path))
        {
            throw new StartupException($"There is no file {Errors.Quote(path)}; a journal file is expected, for example a copy of journal.ndjson.");
        }

        return await TellAsync(Judge(JournalFileAudit.Verify(path, checkpoint), checkpoint));
    }

    private static async Task<int> RunAsync(string[] args, Checkpoint? checkpoint, CancellationToken cancellationToken)
    {
        await using var app = RefineryApp.Build(args, builder => builder.Services.AddSingleton(DatabaseOpener.OpenAsItIs));
        ExistingBooks.Require(app.Services);
        var data = app.Services.GetRequiredService<DataDirectory>();
        data.HoldAsItIs();
        var file = JournalOnDisk.PathOf(app.Services);
        var findings = file is null || File.Exists(Path.Combine(data.Path, DatabaseOpener.FileName))
            ? await VerifyAsync(app.Services, file, checkpoint, cancellationToken)
            : await VerifyFileAsync(file, checkpoint, cancellationToken);
        return await TellAsync(findings);
    }

    private static async Task<int> TellAsync(Findings findings)
    {
        await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, findings.Told));
        return findings.IsGood ? 0 : 1;
    }

    /// <summary>The database is gone, and the file is what it is made from again.</summary>
    private static async Task<Findings> VerifyFileAsync(string path, Checkpoint? checkpoint, CancellationToken cancellationToken) =>
        Judge(await JournalFileAudit.CompareAsync(path, journal: null, checkpoint, cancellationToken), checkpoint);

    private static Findings Judge(JournalFileVerdict verdict, Checkpoint? checkpoint) => verdict.Fault is { } fault
        ? new Findings(IsGood: false, [fault])
        : new Findings(IsGood: true, [.. Valid(verdict.Head, checkpoint), .. verdict.Mending]);

    private static async Task<Findings> VerifyAsync(IServiceProvider services, string? path, Checkpoint? checkpoint, CancellationToken cancellationToken)
    {
        var journal = services.GetRequiredService<EventJournal>();
        var missing = await Migrations.CountMissingAsync(services.GetRequiredService<Database>(), RefineryApp.Schemas, cancellationToken);
        if (checkpoint is not null && path is not null && (await journal.HeadAsync(cancellationToken)).Sequence == 0)
        {
            return await VerifyFileAsync(path, checkpoint, cancellationToken);
        }

        // Where a text is missing the tree's table may be, and the next start fills it.
        var verdict = await journal.VerifyAsync(checkpoint, readsTree: missing == 0, cancellationToken);
        var file = path is null ? JournalFileVerdict.None : await JournalFileAudit.CompareAsync(path, journal, checkpoint: null, cancellationToken);
        var fault = (verdict.FirstBadSequence is { } bad ? $"The journal is broken at sequence {bad}: {verdict.Reason}." : verdict.Reason)
            ?? file.Fault
            ?? await FindFaultAsync(services, cancellationToken);
        return fault is not null
            ? new Findings(IsGood: false, [fault])
            : new Findings(IsGood: true,
            [
                .. Valid(new JournalHead(verdict.Length, verdict.HeadHash), checkpoint),
                .. missing == 0 ? Array.Empty<string>() : [$"The schema lacks {missing} texts of this version; the next start runs them."],
                .. file.Mending,
            ]);
    }

    private static IEnumerable<string> Valid(JournalHead head, Checkpoint? checkpoint)
    {
        yield return $"The journal is valid: {head.Sequence} events, head {head.Hash ?? "none"}.";
        if (checkpoint is not null)
        {
            yield return $"Its first {checkpoint.Tree.Size} events are those that {checkpoint.Origin} signed at {checkpoint.When}.";
        }
    }

    private static async Task<string?> FindFaultAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        foreach (var audit in services.GetServices<IAudit>())
        {
            if (await audit.FindFaultAsync(cancellationToken) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    /// <summary>What a person is told, a sentence each.</summary>
    private sealed record Findings(bool IsGood, IReadOnlyList<string> Told);
}
