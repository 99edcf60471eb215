using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Data.Common;
using Refinery.Contract;
using Refinery.Host.Plugins;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary>The verbs of the one binary; without a verb it serves.</summary>
internal static class CommandLine
{
    private const string Description = """
        Refinery rebuilds Python wheels from source and keeps the books.

        Without a verb it serves: API and page at http://127.0.0.1:8080, everything kept in ./data.
        Settings are environment variables; serve, verify, rebuild-projections, journal and queue take them as --NAME value too,
        for example --DATA_DIR /srv/refinery or --urls http://127.0.0.1:9000. README.md lists them all.

        It ends with 0 when all went well, with 1 when something failed or was asked for wrongly,
        and with 130 when Ctrl-C cut it short.
        """;

    /// <summary>Each verb ends by itself when it is asked to, within its own limits; this only bounds the wait for a broken one.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromHours(2);

    /// <summary>Runs a verb.</summary>
    /// <returns>The process's exit code: 0 when all went well, else 1.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand(Description)
        {
            RebuildCommand.Create(),
            VerifyCommand.Create(),
            RebuildProjectionsCommand.Create(),
            JournalCommand.Create(),
            QueueCommand.Create(),
            ServeCommand.Create(),
            WorkerCommand.Create(),
        };
        root.TreatUnmatchedTokensAsErrors = false;
        root.SetAction((parse, cancellationToken) => Interruptible.RunAsync(stop => ServeCommand.RunAsync(Settings(parse, root), stop), cancellationToken));
        try
        {
            var parse = root.Parse(args);
            RequireNoFault(parse);
            if (parse.Action is HelpAction)
            {
                return await HelpText.WriteAsync(parse);
            }

            return await parse.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = StopLimit, EnableDefaultExceptionHandler = false });
        }
        catch (Exception fault) when (Sentence(fault) is { } sentence)
        {
            await Console.Error.WriteLineAsync(sentence);
            return 1;
        }
    }

    /// <summary>What a person is told of a fault that may happen to anybody; null for one that is a mistake of ours, whose stack is wanted.</summary>
    private static string? Sentence(Exception fault) => fault switch
    {
        StartupException or PluginLoadException or PluginException or QueueFullException or DatabaseUnavailableException
            or ArtifactsUnavailableException => fault.Message,
        DbException => $"The database failed: {fault.Message.TrimEnd('.')}.",
        _ => null,
    };

    /// <summary>One sentence; the parser would print its whole help behind it.</summary>
    private static void RequireNoFault(ParseResult parse)
    {
        if (parse.Action is ParseErrorAction && parse.Errors is [var fault, ..])
        {
            throw new StartupException(fault.Message);
        }
    }

    /// <summary>A word that is neither a verb nor a setting is a mistake; serving instead would hide it.</summary>
    private static string[] Settings(ParseResult parse, Command root) =>
        parse.UnmatchedTokens is [var first, ..] && !SettingWords.IsOption(first)
            ? throw new StartupException(
                $"{Errors.Quote(first)} is no verb; {string.Join(", ", root.Subcommands.Select(verb => verb.Name))} or, to serve, settings alone as --NAME value are expected.")
            : SettingWords.Read(parse.UnmatchedTokens, "serve");
}
