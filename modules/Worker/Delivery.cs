using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Refinery.Contract;
using Refinery.Kernel.Work;

namespace Refinery.Worker;

/// <summary>Delivers a letter: the log first, then the files, then the word itself, so that whoever reads of a result finds what belongs to it.</summary>
/// <remarks>Each part may be sent again: the server has a log or a file under its digest already, and takes a result once under its fence.</remarks>
internal sealed partial class Delivery(WorkProtocol server, RemoteLogs logs, IArtifacts artifacts, ILogger<Delivery> logger)
{
    /// <summary>The step is another's now: of that the word itself is told.</summary>
    private const int Lost = 409;

    /// <summary>Delivers everything of the letter and removes from this disk what it named.</summary>
    /// <exception cref="ServerAwayException">The server did not hear all of it: deliver it again.</exception>
    public async Task DeliverAsync(Letter letter, CancellationToken cancellationToken)
    {
        using var span = TraceContext.Begin($"deliver {letter.Kind}", ActivityKind.Producer, letter.Trace);
        var files = letter.Outcome?.Artifacts ?? [];
        if (letter.Log is { } log)
        {
            await SendLogAsync(log, letter.Claim, cancellationToken);
        }

        foreach (var file in files)
        {
            await StoreAsync(file, letter.StepId, cancellationToken);
        }

        var answer = await server.ReportAsync(letter.StepId, letter.Kind, (object?)letter.Outcome ?? new HolderWords(letter.PodId, letter.Fence), cancellationToken);
        if (!answer.IsGood && letter.Outcome is not null)
        {
            LogDropped(logger, letter.StepId, letter.Attempt, answer.Detail);
        }

        foreach (var file in files)
        {
            await artifacts.DeleteAsync(file.Sha256, cancellationToken);
        }
    }

    private async Task SendLogAsync(UnsentLog log, Holder claim, CancellationToken cancellationToken)
    {
        var path = logs.PathOf(log.FileName);
        if (File.Exists(path) && !await server.HasLogAsync(log.Key, log.Sha256, cancellationToken))
        {
            using var content = new StreamContent(File.OpenRead(path));
            if (await server.SendLogAsync(log.Key, claim, content, cancellationToken) is { IsGood: false, Status: not Lost } refusal)
            {
                LogUnheard(logger, claim.StepId, refusal.Detail);
            }
        }

        File.Delete(path);
    }

    /// <summary>A file that is not here any more was delivered with an earlier letter.</summary>
    private async Task StoreAsync(StepArtifact file, string stepId, CancellationToken cancellationToken)
    {
        if (await artifacts.OpenAsync(file.Sha256, cancellationToken) is not { } content)
        {
            return;
        }

        await using (content)
        {
            if (!await server.HasArtifactAsync(file.Sha256, cancellationToken)
                && await server.StoreArtifactAsync(file.Sha256, content, cancellationToken) is { IsGood: false } refusal)
            {
                LogUnstored(logger, file.FileName, stepId, refusal.Detail);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The result of step {StepId}, attempt {Attempt}, was refused and is dropped: {Detail}")]
    private static partial void LogDropped(ILogger logger, string stepId, long attempt, string detail);

    [LoggerMessage(LogLevel.Warning, "The log of step {StepId} was refused and is dropped: {Detail}")]
    private static partial void LogUnheard(ILogger logger, string stepId, string detail);

    [LoggerMessage(LogLevel.Warning, "The file {FileName} of step {StepId} was refused: {Detail}")]
    private static partial void LogUnstored(ILogger logger, string fileName, string stepId, string detail);
}
