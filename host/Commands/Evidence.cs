using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Host.Commands;

/// <summary>What was kept away from the server to check it by: the public key, a checkpoint, a proof.</summary>
/// <param name="KeyPath">The file of the public key; null when none was named.</param>
/// <param name="CheckpointPath">The file of a checkpoint; null when none was named.</param>
/// <param name="ProofPath">The file of a proof; null when none was named.</param>
internal sealed record Evidence(string? KeyPath, string? CheckpointPath, string? ProofPath)
{
    /// <summary>The checkpoint, its signature checked; null when none was named.</summary>
    /// <exception cref="StartupException">A file is missing or is something else, or another key signed it.</exception>
    public Checkpoint? Checkpoint() => CheckpointPath is not { } path
        ? null
        : Seal("--checkpoint").Open(Read<SignedCheckpoint>(path, "a checkpoint as GET /api/journal/checkpoint answers it").Note)
            ?? throw new StartupException($"The checkpoint {Errors.Quote(path)} is not signed by the key {Errors.Quote(KeyPath ?? string.Empty)}.");

    /// <summary>Checks the proof that was named; null when none was.</summary>
    /// <returns>What was found, and whether it holds.</returns>
    /// <exception cref="StartupException">As of <see cref="Checkpoint"/>.</exception>
    public (bool Holds, string Told)? Prove()
    {
        if (ProofPath is not { } path)
        {
            return null;
        }

        var proof = Read<JournalProof>(path, "a proof as GET /api/journal/proof answers it");
        if (Seal("--proof").Open(proof.Checkpoint.Note) is not { } signed)
        {
            return (false, $"The proof's checkpoint is not signed by the key {Errors.Quote(KeyPath ?? string.Empty)}.");
        }

        return proof.Fault(signed, Checkpoint()) is { } fault ? (false, fault) : (true, Told(proof, signed));
    }

    private static string Told(JournalProof proof, Checkpoint signed) => proof switch
    {
        { From: { } size } => $"The journal of {signed.Tree.Size} events that {signed.Origin} signed at {signed.When} goes on from the checkpoint of {size}: none of those was changed.",
        _ => $"Event {proof.Sequence} is in the journal of {signed.Tree.Size} events that {signed.Origin} signed at {signed.When}: {proof.Line}",
    };

    private CheckpointSeal Seal(string option)
    {
        if (KeyPath is not { } path)
        {
            throw new StartupException($"{option} needs --key, the file of the public key that GET /api/journal/key answers; keep it where the server cannot write.");
        }

        return CheckpointSeal.Read(Text(path)) ?? throw new StartupException($"The file {Errors.Quote(path)} is no public key of the kind ECDSA P-256 in PEM.");
    }

    private static T Read<T>(string path, string expected)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Text(path), RefineryJson.Options) ?? throw new JsonException();
        }
        catch (JsonException fault)
        {
            throw new StartupException($"The file {Errors.Quote(path)} is not {expected}.", fault);
        }
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The file {Errors.Quote(path)} cannot be read: {fault.Message.TrimEnd('.')}.", fault);
        }
    }
}
