using System.CommandLine;
using Refinery.Kernel.Web;

namespace Refinery.Host.Commands;

/// <summary><c>worker --server URL</c>: works for a server on another machine until it is asked to stop.</summary>
internal static class WorkerCommand
{
    private const string Description = """
        Work for a server on another machine: claim steps, run them here, send logs, wheels and results. Only HTTP is used.

        What is finished while the server is away is kept in DATA_DIR (./data) and delivered when it is back, also by the next start.
        Wheels are built as the environment says: BUILD_PYTHON, INDEX_URL, FIND_LINKS, RECIPES. README.md lists them all.
        """;

    private static readonly Option<string?> Server = new("--server") { Description = "The server's address, for example http://builds.example:8080." };
    private static readonly Option<string?> Token = new("--token") { Description = "The server's WORKER_TOKEN; the environment's own when left out." };
    private static readonly Option<string[]> Kinds = new("--kinds") { Description = "Step types to take, separated by commas; all that have a handler here when left out." };
    private static readonly Option<int?> Concurrency = new("--concurrency") { Description = "Steps at once; 80 % of FLEET_Q_MAX_PARALLELISM when left out." };

    public static Command Create()
    {
        var command = new Command("worker", Description) { Server, Token, Kinds, Concurrency };
        command.TreatUnmatchedTokensAsErrors = false; // they are told in our own sentence
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(stop => RunAsync(parse, stop), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        if (parse.UnmatchedTokens is [var word, ..])
        {
            throw new StartupException($"{Errors.Quote(word)} is no option of worker; worker --help names them, and settings such as DATA_DIR come from the environment.");
        }

        using var app = WorkerApp.Build(Settings(parse).Where(setting => !string.IsNullOrEmpty(setting.Value)));
        await WorkerApp.PrepareAsync(app.Services, cancellationToken);
        await app.StartAsync(cancellationToken);
        await Console.Out.WriteLineAsync($"Refinery works for {parse.GetValue(Server)}");
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    private static Dictionary<string, string?> Settings(ParseResult parse) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["WORKER_SERVER_URL"] = parse.GetValue(Server),
        ["WORKER_TOKEN"] = parse.GetValue(Token),
        ["WORKER_KINDS"] = string.Join(',', parse.GetValue(Kinds) ?? []),
        ["WORKER_CONCURRENCY"] = parse.GetValue(Concurrency)?.ToString(),
    };
}
