using System.CommandLine;
using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Refinery.Kernel.Web;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary><c>rebuild requirements.txt</c>: plans, builds, shows progress, writes wheels and a manifest, and ends.</summary>
internal static class RebuildCommand
{
    /// <summary>The verb.</summary>
    public const string Name = "rebuild";

    private const string Description = """
        Rebuild every wheel of a requirements file from source.

        The environment says the rest: BUILD_PYTHON, the interpreter to build with (python3); RECIPES, apply to install what a hint
        names and try again, suggest only to say so; DATA_DIR, where everything is kept (./data). README.md lists them all.
        """;

    private static readonly Argument<FileInfo?> Requirements = new("requirements")
    {
        Description = "A requirements file in pip's form; exactly its lines are built, so give it a full pip freeze.",
        Arity = ArgumentArity.ZeroOrOne, // its absence is told in our own sentence
    };
    private static readonly Option<string[]> FindLinks = new("--find-links", "-f") { Description = "A folder or page with sdists; may be given again." };
    private static readonly Option<bool> NoIndex = new("--no-index") { Description = "Ask no index, only --find-links." };
    private static readonly Option<string?> IndexUrl = new("--index-url", "-i") { Description = "The package index to ask." };
    private static readonly Option<bool> Force = new("--force") { Description = "Build again what is stored already." };
    private static readonly Option<DirectoryInfo> Out = new("--out", "-o")
    {
        Description = "Where wheels and manifest.json go.",
        DefaultValueFactory = _ => new DirectoryInfo("wheelhouse"),
    };

    public static Command Create()
    {
        var command = new Command(Name, Description) { Requirements, FindLinks, NoIndex, IndexUrl, Force, Out };
        command.TreatUnmatchedTokensAsErrors = false; // they are told in our own sentence
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(stop => RunAsync(parse, stop), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var requirements = RequirementsOf(parse);
        await using var app = RefineryApp.Build([], builder =>
        {
            builder.Services.AddSingleton<IServer, NoServer>();
            builder.Configuration.AddInMemoryCollection(Settings(parse));
        });
        await RefineryApp.PrepareAsync(app, cancellationToken);
        app.Services.GetRequiredService<ILocalWorker>().Confine([]);
        var run = new RebuildRun(app.Services, parse.GetRequiredValue(Out).FullName);
        try
        {
            await app.StartAsync(cancellationToken);
            using var span = TraceContext.Begin(Name, ActivityKind.Internal, under: null);
            return await run.RunAsync(requirements, reuse: !parse.GetValue(Force), cancellationToken);
        }
        catch (PlanException fault)
        {
            throw new StartupException(fault.Message, fault);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await app.StopAsync(CancellationToken.None);
            await Console.Error.WriteLineAsync(await run.AbandonAsync());
            return Interruptible.ExitCode;
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static string RequirementsOf(ParseResult parse)
    {
        // An option nobody knows in front of the file's name is taken for the file's name.
        var words = (parse.GetResult(Requirements)?.Tokens ?? []).Select(token => token.Value).Where(token => token.StartsWith('-')).Concat(parse.UnmatchedTokens);
        if (words.FirstOrDefault() is { } word)
        {
            throw new StartupException($"{Errors.Quote(word)} is no option of rebuild; rebuild --help names them, and settings such as DATA_DIR come from the environment.");
        }

        return parse.GetValue(Requirements)?.FullName
            ?? throw new StartupException("rebuild needs a requirements file; its path is expected, as in: rebuild requirements.txt.");
    }

    private static Dictionary<string, string?> Settings(ParseResult parse)
    {
        // The run hands its own steps to the local worker; what others left in the queue is not its work. Ctrl-C means now. The table tells what happens, not the host's own log.
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["AUTO_BUILD"] = "0",
            ["LOCAL_WORKER"] = "1",
            ["SHUTDOWN_GRACE_SEC"] = "0",
            ["Logging:LogLevel:Default"] = "Warning",
        };
        if (parse.GetValue(FindLinks) is { Length: > 0 } links)
        {
            RequireFolders(links);
            settings["FIND_LINKS"] = string.Join(' ', links.Select(Link));
        }

        if (parse.GetValue(NoIndex))
        {
            settings["NO_INDEX"] = "1";
        }

        if (parse.GetValue(IndexUrl) is { } index)
        {
            settings["INDEX_URL"] = index;
        }

        return settings;
    }

    private static void RequireFolders(string[] links)
    {
        var absent = links.Where(link => !link.Contains("://", StringComparison.Ordinal) && !Directory.Exists(link)).ToList();
        if (absent.Count > 0)
        {
            throw new StartupException(string.Join(Environment.NewLine, absent.Select(link => $"--find-links names '{link}', which is no folder; one with sdists is expected.")));
        }
    }

    /// <summary>A space divides links, so a folder with one is named as a URL.</summary>
    private static string Link(string link) =>
        link.Contains("://", StringComparison.Ordinal) ? link
        : link.Contains(' ', StringComparison.Ordinal) ? new Uri(Path.GetFullPath(link)).AbsoluteUri
        : Path.GetFullPath(link);
}
