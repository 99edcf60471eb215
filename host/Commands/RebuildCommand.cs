using System.CommandLine;
using Microsoft.AspNetCore.Hosting.Server;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary><c>rebuild requirements.txt</c>: plans, builds, shows progress, writes wheels and a manifest, and ends.</summary>
internal static class RebuildCommand
{
    private static readonly Argument<FileInfo> Requirements = new("requirements") { Description = "A requirements file in pip's form." };
    private static readonly Option<string[]> FindLinks = new("--find-links", "-f") { Description = "A folder or page with sdists; may be given again." };
    private static readonly Option<bool> NoIndex = new("--no-index") { Description = "Ask no index, only --find-links." };
    private static readonly Option<string?> IndexUrl = new("--index-url", "-i") { Description = "The package index to ask." };
    private static readonly Option<DirectoryInfo> Out = new("--out", "-o")
    {
        Description = "Where wheels and manifest.json go.",
        DefaultValueFactory = _ => new DirectoryInfo("wheelhouse"),
    };

    public static Command Create()
    {
        var command = new Command("rebuild", "Rebuild every wheel of a requirements file from source.") { Requirements, FindLinks, NoIndex, IndexUrl, Out };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await using var app = RefineryApp.Build([], builder =>
        {
            builder.Services.AddSingleton<IServer, NoServer>();
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            builder.Configuration.AddInMemoryCollection(Settings(parse));
        });
        await RefineryApp.PrepareAsync(app, cancellationToken);
        await app.StartAsync(cancellationToken);
        try
        {
            var run = new RebuildRun(app.Services, parse.GetRequiredValue(Out).FullName);
            return await run.RunAsync(parse.GetRequiredValue(Requirements).FullName, cancellationToken);
        }
        catch (PlanException fault)
        {
            throw new StartupException(fault.Message, fault);
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static Dictionary<string, string?> Settings(ParseResult parse)
    {
        // The user asked for these builds, so they begin at once; Ctrl-C means now.
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase) { ["AUTO_BUILD"] = "1", ["SHUTDOWN_GRACE_SEC"] = "0" };
        if (parse.GetValue(FindLinks) is { Length: > 0 } links)
        {
            settings["FIND_LINKS"] = string.Join(' ', links.Select(link => link.Contains("://", StringComparison.Ordinal) ? link : Path.GetFullPath(link)));
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
}
