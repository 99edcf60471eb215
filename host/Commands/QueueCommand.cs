using System.CommandLine;
using Microsoft.Extensions.Options;
using Refinery.Contract;
using Refinery.Host.Plugins;

namespace Refinery.Host.Commands;

/// <summary><c>queue move</c>: fills a queue backend with the steps that wait, and empties the one they were in.</summary>
internal static class QueueCommand
{
    private const string Description = """
        Fill another queue backend with the steps that wait, and empty the one they were in.

        The database holds the steps, a backend the order of calling alone, so it may be cut short and run again. Stop the host first;
        where several serve one Postgres they may go on, and change over when each is started with the new QUEUE_BACKEND.
        """;

    private static readonly Option<string?> From = new("--from") { Description = "The backend in use: file, redis, kafka or postgres." };
    private static readonly Option<string?> To = new("--to") { Description = "The backend to use from now on." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say how many steps would move, and change nothing." };

    public static Command Create()
    {
        var move = new Command("move", Description) { From, To, DryRun };
        move.TreatUnmatchedTokensAsErrors = false; // they are told in our own sentence
        move.SetAction((parse, cancellationToken) => Interruptible.RunAsync(stop => RunAsync(parse, SettingWords.Read(parse.UnmatchedTokens, "queue move"), stop), cancellationToken));
        return new Command("queue", "Look after the queue backend.") { move };
    }

    private static async Task<int> RunAsync(ParseResult parse, string[] args, CancellationToken cancellationToken)
    {
        var (from, to) = (Named(parse, From), Named(parse, To));
        if (from == to)
        {
            throw new StartupException($"--from and --to are both '{from}'; another backend is expected as --to.");
        }

        await using var app = RefineryApp.Build(args, builder => builder.Configuration.AddInMemoryCollection(
        [
            new("QUEUE_BACKEND", to),

            // What backends warn of is for a host; here it ends the move, or is told at its end.
            new("Logging:LogLevel:Default", "Error"),
        ]));
        var left = Load(app, from);
        ExistingBooks.Require(app.Services);
        await RefineryApp.PrepareAsync(app, cancellationToken);
        await using var queue = await left.OpenAsync(app.Services.GetRequiredService<PluginContext>(), cancellationToken);
        var move = new QueueMove(app.Services, (left, queue));
        return parse.GetValue(DryRun) ? await move.TryAsync(cancellationToken) : await move.RunAsync(cancellationToken);
    }

    private static string Named(ParseResult parse, Option<string?> option) => parse.GetValue(option) is { Length: > 0 } name
        ? name
        : throw new StartupException($"queue move needs {option.Name}, the name of a queue backend, as in: queue move --from file --to redis.");

    private static IQueuePlugin Load(WebApplication app, string from) => new PluginHost(Path.GetFullPath(app.Services.GetRequiredService<IOptions<HostOptions>>().Value.PluginsDirectory))
        .LoadQueue(from, Features.IsOn(app.Configuration, Features.Kafka), From.Name);
}
