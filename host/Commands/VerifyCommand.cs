using System.CommandLine;
using Refinery.Kernel.Journal;

namespace Refinery.Host.Commands;

/// <summary><c>verify</c>: recomputes the hash chain of the journal, in the database and in its file.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Recompute the journal's hash chain and name the first bad event.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parse, cancellationToken) => RunAsync([.. parse.UnmatchedTokens], cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        await using var app = RefineryApp.Build(args);
        await RefineryApp.PrepareAsync(app, cancellationToken);
        var verdict = await app.Services.GetRequiredService<EventJournal>().VerifyAsync(cancellationToken);
        var fault = verdict.Valid
            ? await app.Services.GetRequiredService<JournalFile>().FindFaultAsync(cancellationToken)
            : $"The journal is broken at sequence {verdict.FirstBadSequence}: {verdict.Reason}.";
        await Console.Out.WriteLineAsync(fault ?? $"The journal is valid: {verdict.Length} events, head {verdict.HeadHash ?? "none"}.");
        return fault is null ? 0 : 1;
    }
}
