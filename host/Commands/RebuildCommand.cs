using System.CommandLine;
using Microsoft.AspNetCore.Hosting.Server;
using Refinery.Host.Proxy;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary><c>rebuild requirements.txt</c>: plans, builds, shows progress, writes wheels and a manifest, and ends.</summary>
internal static class RebuildCommand
{
    /// <summary>As shells count what SIGINT ended: 128 and the signal's number.</summary>
    private const int Interrupted = 130;

    private static readonly Argument<FileInfo> Requirements = new("requirements") { Description = "A requirements file in pip's form." };
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
        var command = new Command("rebuild", "Rebuild every wheel of a requirements file from source.") { Requirements, FindLinks, NoIndex, IndexUrl, Force, Out };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var output = Folder(parse.GetRequiredValue(Out).FullName);
        await using var app = RefineryApp.Build([], builder =>
        {
            builder.Services.AddSingleton<IServer, NoServer>();
            builder.Configuration.AddInMemoryCollection(Settings(parse));
        });
        await RefineryApp.PrepareAsync(app, cancellationToken);
        app.Services.GetRequiredService<ILocalWorker>().Confine([]);
        var run = new RebuildRun(app.Services, output);
        try
        {
            await app.StartAsync(cancellationToken);
            return await run.RunAsync(parse.GetRequiredValue(Requirements).FullName, reuse: !parse.GetValue(Force), cancellationToken);
        }
        catch (PlanException fault)
        {
            throw new StartupException(fault.Message, fault);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await app.StopAsync(CancellationToken.None);
            await run.AbandonAsync();
            await Console.Error.WriteLineAsync("Stopped; nothing half-built was kept.");
            return Interrupted;
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Made before the work, so that nobody builds for an hour and then cannot write.</summary>
    private static string Folder(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The folder '{path}' of --out cannot be made; a folder that may be written is expected.", fault);
        }

        return FolderCheck.CanWrite(path) ? path : throw new StartupException($"The folder '{path}' of --out cannot be written; a folder that may be written is expected.");
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

    /// <summary>A space divides links, so a folder with one is named as a URL.</summary>
    private static string Link(string link) =>
        link.Contains("://", StringComparison.Ordinal) ? link
        : link.Contains(' ', StringComparison.Ordinal) ? new Uri(Path.GetFullPath(link)).AbsoluteUri
        : Path.GetFullPath(link);
}
