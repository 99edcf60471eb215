using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Refinery.Builds.Index;
using Refinery.Builds.Packages;
using Refinery.Builds.Processes;
using Refinery.Contract;
using Refinery.Kernel.Web;

namespace Refinery.Builds;

/// <summary>Finds and fetches the source of a wheel.</summary>
internal sealed class SdistSource(PackageIndex index, TargetInterpreter interpreter, SourcesInForce sources, IOptions<BuildOptions> options)
{
    /// <summary>Fetches the sdist into the work folder.</summary>
    /// <returns>It with its version and digest.</returns>
    /// <exception cref="IndexException">There is none, it cannot be fetched, or its digest is wrong.</exception>
    public async Task<FetchedSdist> FetchAsync(
        WheelArgs wanted, InterpreterInfo python, WorkFolder work, IStepContext step, CancellationToken cancellationToken)
    {
        var specifiers = wanted.Version is null ? SpecifierSet.Any : SpecifierSet.TryParse($"=={wanted.Version}")
            ?? throw new IndexException("missing", $"{Errors.Quote(wanted.Version)} is no version of PEP 440; one such as 2.1.5 is expected.");
        var chosen = await ChooseAsync(wanted.Package, specifiers, python, cancellationToken);
        await step.LogAsync($"Refinery takes {chosen.FileName}.");
        var (path, sha256) = await index.FetchAsync(chosen, wanted.Sha256, work.Folder("sdist"), (long)options.Value.SdistMaxMegabytes << 20, cancellationToken);
        return new FetchedSdist(path, chosen.Version, sha256);
    }

    /// <summary>The sdist that fits best; under <c>STRATEGY=pinned</c> only of a version that is named exactly.</summary>
    /// <exception cref="IndexException">There is none or it is not named exactly (<c>missing</c>), or an index does not answer.</exception>
    public async Task<SdistCandidate> ChooseAsync(string package, SpecifierSet specifiers, InterpreterInfo python, CancellationToken cancellationToken)
    {
        if (options.Value.Strategy == "pinned" && !specifiers.IsPinned)
        {
            throw new IndexException("missing", $"{package} has no exact version; name one, in a requirements file as {package}==VERSION, or set STRATEGY=upgrade to take the newest.");
        }

        var candidates = await ListAsync(package, cancellationToken);
        return PackageIndex.Choose(candidates, specifiers, python, sources.Current.AllowPreReleases)
            ?? throw new IndexException("missing", $"There is no sdist of {package} {specifiers} ({Others(candidates)}).".Replace("  ", " ", StringComparison.Ordinal));
    }

    /// <summary>The digests by which a wheel's source is known before it is fetched: those asked for, the index's promise, a local file's own.</summary>
    /// <returns>Empty when none is known.</returns>
    /// <exception cref="IndexException">The local file cannot be read.</exception>
    public static async Task<IReadOnlyList<string>> DigestsAsync(SdistCandidate candidate, IReadOnlyList<string> wanted, CancellationToken cancellationToken)
    {
        if (candidate.Location.IsFile)
        {
            return [await DigestAsync(candidate.Location.LocalPath, cancellationToken)];
        }

        return candidate.Sha256 is { } promised ? [promised] : wanted;
    }

    /// <summary>Every sdist of a package that the folders and indexes in force offer.</summary>
    /// <exception cref="IndexException">A folder is missing or an index does not answer.</exception>
    public async Task<IReadOnlyList<SdistCandidate>> ListAsync(string package, CancellationToken cancellationToken) =>
        await index.ListAsync(await SettingsAsync(cancellationToken), package, cancellationToken);

    private static async Task<string> DigestAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IndexException("download_failed", $"The sdist {Errors.Quote(path)} cannot be read; a file that this user may read is expected.", fault);
        }
    }

    private static string Others(IReadOnlyList<SdistCandidate> candidates) => candidates.Count == 0
        ? "no version of it was found; are INDEX_URL and FIND_LINKS right?"
        : $"found: {string.Join(", ", candidates.Select(candidate => candidate.Version).Distinct().OrderDescending().Take(5))}";

    private async Task<IndexSettings> SettingsAsync(CancellationToken cancellationToken)
    {
        var settings = sources.Current;
        return settings with { IndexUrl = settings.NoIndex ? null : settings.IndexUrl ?? await interpreter.DefaultIndexAsync(cancellationToken) };
    }
}

/// <summary>A source archive on this machine.</summary>
/// <param name="Sha256">64 lower-case hex digits of its content.</param>
internal sealed record FetchedSdist(string Path, PepVersion Version, string Sha256);
