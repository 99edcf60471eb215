using System.CommandLine;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Host.Commands;

/// <summary><c>journal --file FILE</c>: writes the journal to a file, or makes an empty database from one.</summary>
internal static class JournalCommand
{
    private const string Description = """
        Write the journal to a file, or make an empty database from one.

        A file that is there already gets the events it lacks; one that belongs to another database is refused. From the file alone come
        steps, builds, history, graph and hints; wheels and texts of logs are files of their own, see README.md, "Back up".
        """;

    private static readonly Option<string?> JournalPath = new("--file") { Description = "A journal file as journal.ndjson in DATA_DIR is one." };

    public static Command Create()
    {
        var command = new Command("journal", Description) { JournalPath };
        command.TreatUnmatchedTokensAsErrors = false; // they are told in our own sentence
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(
            stop => RunAsync(parse.GetValue(JournalPath), SettingWords.Read(parse.UnmatchedTokens, command.Name), stop), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? path, string[] args, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(path))
        {
            throw new StartupException("journal needs --file, the path of a journal file, as in: journal --file journal.ndjson.");
        }

        await using var app = RefineryApp.Build(args, builder => builder.Configuration.AddInMemoryCollection([new("Logging:LogLevel:Default", "Warning")]));
        var isThere = File.Exists(path);
        if (!isThere)
        {
            ExistingBooks.Require(app.Services);
        }

        await RefineryApp.PrepareAsync(app, cancellationToken);
        var journal = app.Services.GetRequiredService<EventJournal>();
        var before = await journal.HeadAsync(cancellationToken);
        if (before.Sequence == 0 && !isThere)
        {
            throw new StartupException($"The database is empty and there is no file {Errors.Quote(path)}; the journal of either is expected.");
        }

        await AgreeAsync(app.Services, path, cancellationToken);
        if (JournalFileAudit.Verify(path, checkpoint: null) is not { Fault: null } verdict || verdict.Head.Sequence < before.Sequence)
        {
            throw new StartupException($"The file {Errors.Quote(path)} could not be written whole; run the same command again where there is room for it.");
        }

        await Console.Out.WriteLineAsync(before.Sequence == 0 && verdict.Head.Sequence > 0
            ? $"Made the database from the {verdict.Head.Sequence} events of {Errors.Quote(path)}."
            : $"The file {Errors.Quote(path)} holds the journal: {verdict.Head.Sequence} events, head {verdict.Head.Hash ?? "none"}.");
        return 0;
    }

    private static async Task AgreeAsync(IServiceProvider services, string path, CancellationToken cancellationToken)
    {
        using var file = ActivatorUtilities.CreateInstance<JournalFile>(services);
        try
        {
            await file.OpenAsync(path, cancellationToken);
        }
        catch (JournalFileException fault)
        {
            throw new StartupException(fault.Message, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The file {Errors.Quote(path)} cannot be opened: {fault.Message.TrimEnd('.')}.", fault);
        }
    }
}
