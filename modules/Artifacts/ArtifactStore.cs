using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refinery.Kernel.Work;

namespace Refinery.Artifacts;

/// <summary>The store over its place: nobody is given bytes that do not have their digest, and nothing young is deleted.</summary>
/// <remarks>Safe for all threads. What changes a file asks first, so both happen under a lock of its digest; another host's do not wait for it.</remarks>
internal sealed partial class ArtifactStore(IArtifactPlace place, TimeProvider clock, ILogger<ArtifactStore> logger) : IArtifacts, IHostedService, IDisposable
{
    private const int LockDigits = 3;

    /// <summary>What was stored or renewed within this is as good as young: a collection takes only what is at least twice as old.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(30);

    /// <summary>One for each start of a digest: so many that an upload of minutes seldom holds up another file.</summary>
    private readonly SemaphoreSlim[] locks = [.. Enumerable.Range(0, 1 << (4 * LockDigits)).Select(_ => new SemaphoreSlim(1))];

    private readonly CheckedFiles verdicts = new();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        place.Incoming.Open();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<StoredArtifact?> StoreAsync(Stream content, string? expectedSha256, CancellationToken cancellationToken)
    {
        using var incoming = await place.Incoming.WriteAsync(content, cancellationToken);
        var digest = incoming.Artifact.Sha256;
        if (expectedSha256 is not null && digest != expectedSha256)
        {
            return null;
        }

        using (await LockAsync(digest, cancellationToken))
        {
            verdicts.Remember(await place.PutAsync(incoming.Path, digest, cancellationToken), isGood: true);
        }

        return incoming.Artifact;
    }

    public async Task<Stream?> OpenAsync(string sha256, CancellationToken cancellationToken)
    {
        if (Digest.Read(sha256) is not { } digest || await place.OpenAsync(digest, cancellationToken) is not { } opened)
        {
            return null;
        }

        var isGood = false;
        try
        {
            isGood = await IsGoodAsync(opened, cancellationToken);
        }
        catch (ArtifactsUnavailableException)
        {
            // Another reader may have found it damaged since it was opened, or it was stored anew.
            if ((await place.FindAsync(digest, cancellationToken))?.Stamp == opened.File.Stamp)
            {
                throw;
            }

            return await OpenAsync(sha256, cancellationToken);
        }
        finally
        {
            if (!isGood)
            {
                await opened.Content.DisposeAsync();
            }
        }

        return isGood ? opened.Content : null;
    }

    public async Task<bool> ContainsAsync(string sha256, CancellationToken cancellationToken) =>
        Digest.Read(sha256) is { } digest && await place.FindAsync(digest, cancellationToken) is not null;

    public async Task<bool> RenewAsync(string sha256, CancellationToken cancellationToken)
    {
        if (Digest.Read(sha256) is not { } digest)
        {
            return false;
        }

        using var held = await LockAsync(digest, cancellationToken);
        if (await place.FindAsync(digest, cancellationToken) is not { } file)
        {
            return false;
        }

        if (clock.GetUtcNow() - file.StoredAt > Fresh)
        {
            var known = verdicts.IsGood(file);
            var renewed = await place.RenewAsync(file, cancellationToken);
            if (known is { } isGood)
            {
                verdicts.Remember(renewed, isGood);
            }
        }

        return true;
    }

    public async Task DeleteAsync(string sha256, CancellationToken cancellationToken)
    {
        if (Digest.Read(sha256) is { } digest)
        {
            await DeleteOlderAsync(digest, DateTimeOffset.MaxValue, cancellationToken);
        }
    }

    /// <summary>Deletes an artifact unless it was stored or renewed since.</summary>
    /// <returns>False when it stays, or is gone already.</returns>
    public async Task<bool> DeleteOlderAsync(string digest, DateTimeOffset since, CancellationToken cancellationToken)
    {
        using var held = await LockAsync(digest, cancellationToken);
        if (await place.FindAsync(digest, cancellationToken) is not { } file || file.StoredAt >= since)
        {
            return false;
        }

        await place.DeleteAsync(digest, cancellationToken);
        return true;
    }

    /// <summary>Whether an artifact that is not stored was found damaged here.</summary>
    public bool WasDamaged(string sha256) => Digest.Read(sha256) is { } digest && verdicts.WasDamaged(digest);

    private async Task<bool> IsGoodAsync(OpenedFile opened, CancellationToken cancellationToken)
    {
        var (file, content) = opened;
        if (verdicts.IsGood(file) is { } known)
        {
            return known;
        }

        var isGood = (file.ToldSha256 ?? await Digest.OfAsync(content, cancellationToken)) == file.Digest;
        content.Position = 0;
        verdicts.Remember(file, isGood);
        if (!isGood)
        {
            LogDamaged(logger, file.Digest);
            await SetAsideAsync(file, cancellationToken);
        }

        return isGood;
    }

    /// <summary>Sets a file aside unless it was stored again since it was read.</summary>
    private async Task SetAsideAsync(PlacedFile file, CancellationToken cancellationToken)
    {
        using var held = await LockAsync(file.Digest, cancellationToken);
        if ((await place.FindAsync(file.Digest, cancellationToken))?.Stamp == file.Stamp)
        {
            await place.SetAsideAsync(file.Digest, cancellationToken);
        }
    }

    public void Dispose() => Array.ForEach(locks, held => held.Dispose());

    private async Task<IDisposable> LockAsync(string digest, CancellationToken cancellationToken)
    {
        var held = locks[Convert.ToInt32(digest[..LockDigits], 16)];
        await held.WaitAsync(cancellationToken);
        return new Held(held);
    }

    [LoggerMessage(LogLevel.Error, "The content stored under the sha256 {Sha256} has another digest: it was damaged, is given to nobody and is set aside under damaged/. Store it again.")]
    private static partial void LogDamaged(ILogger logger, string sha256);

    /// <summary>Ends with the use of a lock.</summary>
    private sealed class Held(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}
