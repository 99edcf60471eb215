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

        With --file only that file is read, wherever it comes from: no server, no DATA_DIR.
        """;

    private static readonly Option<string?> JournalFile = new("--file") { Description = "A journal file to verify by itself, for example a copy of journal.ndjson." };

    public static Command Create()
    {
        var command = new Command("verify", Description) { JournalFile };
        command.TreatUnmatchedTokensAsErrors = false; // they are told in our own sentence
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(
            stop =>
            {
                var settings = SettingWords.Read(parse.UnmatchedTokens, command.Name);
                return parse.GetValue(JournalFile) is { } path ? VerifyAloneAsync(path) : RunAsync(settings, stop);
            },
            cancellationToken));
        return command;
    }

    /// <summary>A file by itself.</summary>
    /// <exception cref="StartupException">There is no such file.</exception>
    private static async Task<int> VerifyAloneAsync(string path)
    {
        if (!File.Exists(path))
        {
            throw new StartupException($"There is no file {Errors.Quote(path)}; a journal file is expected, for example a copy of journal.ndjson.");
        }

        return await TellAsync(Judge(JournalFileAudit.Verify(path)));
    }

    private static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        await using var app = RefineryApp.Build(
            args, builder => builder.Services.AddSingleton(provider => DatabaseOpener.OpenAsItIs(provider.GetRequiredService<DataDirectory>())));
        ExistingBooks.Require(app.Services);
        var data = app.Services.GetRequiredService<DataDirectory>();
        data.HoldAsItIs();
        var file = JournalOnDisk.PathOf(app.Services);
        var findings = File.Exists(Path.Combine(data.Path, DatabaseOpener.FileName))
            ? await VerifyAsync(app.Services, file, cancellationToken)
            : await VerifyFileAsync(file ?? string.Empty, cancellationToken);
        return await TellAsync(findings);
    }

    private static async Task<int> TellAsync(Findings findings)
    {
        await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, findings.Told));
        return findings.IsGood ? 0 : 1;
    }

    /// <summary>The database is gone, and the file is what it is made from again.</summary>
    private static async Task<Findings> VerifyFileAsync(string path, CancellationToken cancellationToken) =>
        Judge(await JournalFileAudit.CompareAsync(path, journal: null, cancellationToken));

    private static Findings Judge(JournalFileVerdict verdict) =>
        verdict.Fault is { } fault ? new Findings(IsGood: false, [fault]) : new Findings(IsGood: true, [Valid(verdict.Head), .. verdict.Mending]);

    private static async Task<Findings> VerifyAsync(IServiceProvider services, string? path, CancellationToken cancellationToken)
    {
        var journal = services.GetRequiredService<EventJournal>();
        var missing = await Migrations.CountMissingAsync(services.GetRequiredService<Database>(), RefineryApp.Schemas, cancellationToken);
        var verdict = await journal.VerifyAsync(cancellationToken);
        var file = path is null ? JournalFileVerdict.None : await JournalFileAudit.CompareAsync(path, journal, cancellationToken);
        var fault = (verdict.Valid ? null : $"The journal is broken at sequence {verdict.FirstBadSequence}: {verdict.Reason}.")
            ?? file.Fault
            ?? await FindFaultAsync(services, cancellationToken);
        return fault is not null
            ? new Findings(IsGood: false, [fault])
            : new Findings(IsGood: true,
            [
                Valid(new JournalHead(verdict.Length, verdict.HeadHash)),
                .. missing == 0 ? Array.Empty<string>() : [$"The schema lacks {missing} texts of this version; the next start runs them."],
                .. file.Mending,
            ]);
    }

    private static string Valid(JournalHead head) => $"The journal is valid: {head.Sequence} events, head {head.Hash ?? "none"}.";

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
