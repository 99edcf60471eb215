using System.CommandLine;
using Refinery.Contract;
using Refinery.Host.Plugins;
using Refinery.Kernel.Web;

namespace Refinery.Host.Commands;

/// <summary>The verbs of the one binary; without a verb it serves.</summary>
internal static class CommandLine
{
    /// <summary>Each verb ends by itself when it is asked to, within its own limits; this only bounds the wait for a broken one.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromHours(2);

    /// <summary>Runs a verb.</summary>
    /// <returns>The process's exit code: 0 when all went well, else 1.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Refinery rebuilds Python wheels from source and keeps the books.")
        {
            RebuildCommand.Create(),
            VerifyCommand.Create(),
            RebuildProjectionsCommand.Create(),
        };
        root.TreatUnmatchedTokensAsErrors = false;
        root.SetAction((parse, cancellationToken) => ServeCommand.RunAsync(Settings(parse, root), cancellationToken));
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = StopLimit, EnableDefaultExceptionHandler = false });
        }
        catch (Exception fault) when (fault is StartupException or PluginLoadException or QueuePluginException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 1;
        }
    }

    /// <summary>A word that is neither a verb nor a setting is a mistake; serving instead would hide it.</summary>
    private static string[] Settings(ParseResult parse, Command root) =>
        parse.UnmatchedTokens is [var first, ..] && !first.StartsWith('-') && !first.StartsWith('/') && !first.Contains('=', StringComparison.Ordinal)
            ? throw new StartupException(
                $"{Errors.Quote(first)} is no verb; {string.Join(", ", root.Subcommands.Select(verb => verb.Name))} or, to serve, settings alone as --NAME value are expected.")
            : [.. parse.UnmatchedTokens];
}
