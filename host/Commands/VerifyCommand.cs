using System.CommandLine;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Work;

namespace Refinery.Host.Commands;

/// <summary><c>verify</c>: recomputes the hash chain of the journal, in the database and in its file, and reads every stored log again.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Recompute the journal's hash chain, read every stored log again, and name the first fault.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parse, cancellationToken) => RunAsync(SettingWords.Read(parse.UnmatchedTokens, command.Name), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        await using var app = RefineryApp.Build(args);
        ExistingBooks.Require(app.Services);
        await RefineryApp.PrepareAsync(app, cancellationToken);
        var verdict = await app.Services.GetRequiredService<EventJournal>().VerifyAsync(cancellationToken);
        var fault = verdict.Valid
            ? await FindFaultAsync(app.Services, cancellationToken)
            : $"The journal is broken at sequence {verdict.FirstBadSequence}: {verdict.Reason}.";
        await Console.Out.WriteLineAsync(fault ?? $"The journal is valid: {verdict.Length} events, head {verdict.HeadHash ?? "none"}.");
        return fault is null ? 0 : 1;
    }

    private static async Task<string?> FindFaultAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        foreach (var audit in services.GetServices<IAudit>())
        {
            if (await audit.FindFaultAsync(cancellationToken) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }
}
