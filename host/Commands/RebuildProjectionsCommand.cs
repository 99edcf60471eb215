using System.CommandLine;
using Refinery.Kernel.Journal;

namespace Refinery.Host.Commands;

/// <summary><c>rebuild-projections</c>: empties every projection and replays the journal into it.</summary>
internal static class RebuildProjectionsCommand
{
    public static Command Create()
    {
        var command = new Command("rebuild-projections", "Empty every projection and replay the journal into it.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(stop => RunAsync(SettingWords.Read(parse.UnmatchedTokens, command.Name), stop), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        await using var app = RefineryApp.Build(args);
        ExistingBooks.Require(app.Services);
        await RefineryApp.PrepareAsync(app, cancellationToken);
        var replayed = await app.Services.GetRequiredService<EventJournal>().RebuildAsync(cancellationToken);
        await Console.Out.WriteLineAsync($"Rebuilt every projection from {replayed} events.");
        return 0;
    }
}
