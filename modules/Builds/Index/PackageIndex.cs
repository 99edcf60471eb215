using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Refinery.Builds.Packages;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Index;

/// <summary>Looks for source archives in folders, on pages and in indexes, and fetches them without running any of their code.</summary>
internal sealed class PackageIndex(HttpClient http, TimeProvider clock)
{
    private const int PageLimitBytes = 64 << 20;
    private static readonly TimeSpan PageLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromMinutes(1);

    /// <summary>What comes drop by drop is never silent; it ends here.</summary>
    private static readonly TimeSpan FetchLimit = TimeSpan.FromMinutes(30);

    /// <summary>Every source archive of a package that is offered.</summary>
    /// <exception cref="IndexException">A folder is missing or an index does not answer.</exception>
    public async Task<IReadOnlyList<SdistCandidate>> ListAsync(IndexSettings settings, string package, CancellationToken cancellationToken)
    {
        var found = new List<SdistCandidate>();
        foreach (var link in settings.FindLinks)
        {
            found.AddRange(Uri.TryCreate(link, UriKind.Absolute, out var page) && !page.IsFile
                ? await PageAsync(page, package, cancellationToken)
                : Folder(page?.LocalPath ?? link, package));
        }

        if (!settings.NoIndex)
        {
            foreach (var index in new[] { settings.IndexUrl }.Concat(settings.ExtraIndexUrls).OfType<string>())
            {
                found.AddRange(await PageAsync(ProjectPage(index, package), package, cancellationToken));
            }
        }

        return found;
    }

    /// <summary>The candidate that fits best: the newest; pre-releases and withdrawn ones only when they are asked for or nothing else fits.</summary>
    public static SdistCandidate? Choose(
        IReadOnlyList<SdistCandidate> candidates, SpecifierSet specifiers, InterpreterInfo python, bool allowPreReleases = false)
    {
        var usable = candidates.Where(candidate => python.Version is not { } version || candidate.RequiresPython?.Contains(version) != false);
        return specifiers.Filter(usable.Where(candidate => !candidate.IsYanked || specifiers.IsPinned), candidate => candidate.Version, allowPreReleases)
            .OrderByDescending(candidate => candidate.Version)
            .ThenBy(candidate => candidate.IsYanked)
            .FirstOrDefault();
    }

    private static Uri ProjectPage(string index, string package) =>
        Uri.TryCreate($"{index.TrimEnd('/')}/{PackageName.Normalize(package)}/", UriKind.Absolute, out var page) && page.Scheme is "http" or "https"
            ? page
            : throw new IndexException("missing", "INDEX_URL or EXTRA_INDEX_URLS holds what is no http or https URL; one such as https://host/simple is expected.");

    /// <summary>Brings a source archive into a folder, bounded and with its digest checked.</summary>
    /// <param name="sha256">Digests it may have besides the index's promise; empty for any.</param>
    /// <returns>The path of the file and its digest.</returns>
    /// <exception cref="IndexException">It cannot be fetched, is too large, or has another digest; nothing is left in the folder.</exception>
    public async Task<(string Path, string Sha256)> FetchAsync(
        SdistCandidate candidate, IReadOnlyList<string> sha256, string folder, long limitBytes, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, Path.GetFileName(candidate.FileName));
        using var limit = new CancellationTokenSource(FetchLimit, clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await using var source = await OpenAsync(candidate.Location, ended.Token);
            var digest = await CopyAsync(source, path, limitBytes, ended.Token)
                ?? throw new IndexException("too_large", $"{candidate.FileName} is larger than the limit of {limitBytes >> 20} MB (SDIST_MAX_MB).");
            CheckDigest(candidate, sha256, digest);
            return (path, digest);
        }
        catch (Exception fault) when (IsFetchFault(fault, cancellationToken))
        {
            File.Delete(path);
            throw fault as IndexException
                ?? new IndexException("download_failed", $"{candidate.FileName} cannot be fetched from {Shown(candidate.Location)}.", fault);
        }
    }

    /// <summary>A client that waited in vain throws a cancellation nobody asked for.</summary>
    private static bool IsFetchFault(Exception fault, CancellationToken cancellationToken) =>
        fault is HttpRequestException or IOException or UnauthorizedAccessException or TimeoutException or IndexException
        || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static void CheckDigest(SdistCandidate candidate, IReadOnlyList<string> wanted, string digest)
    {
        if (candidate.Sha256 is { } promised && promised != digest)
        {
            throw new IndexException("digest_mismatch", $"{candidate.FileName} has the sha256 {digest}; its index promised {promised}.");
        }

        if (wanted.Count > 0 && !wanted.Contains(digest, StringComparer.OrdinalIgnoreCase))
        {
            throw new IndexException("digest_mismatch", $"{candidate.FileName} has the sha256 {digest}; {string.Join(" or ", wanted)} was asked for.");
        }
    }

    private async Task<string?> CopyAsync(Stream source, string path, long limitBytes, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = File.Create(path);
        var buffer = new byte[1 << 16];
        var total = 0L;
        while (await source.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(SilenceLimit, clock, cancellationToken) is > 0 and var read)
        {
            total += read;
            if (total > limitBytes)
            {
                return null;
            }

            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<SdistCandidate> Folder(string path, string package)
    {
        if (!Directory.Exists(path))
        {
            throw new IndexException("missing", $"FIND_LINKS names '{path}', which is no folder.");
        }

        return Directory.EnumerateFiles(path)
            .Select(file => (File: file, Version: SdistName.VersionOf(Path.GetFileName(file), package)))
            .Where(found => found.Version is not null)
            .Select(found => new SdistCandidate(
                package, found.Version ?? throw new InvalidOperationException(), Path.GetFileName(found.File), new Uri(Path.GetFullPath(found.File)), null, null, IsYanked: false));
    }

    private async Task<IReadOnlyList<SdistCandidate>> PageAsync(Uri page, string package, CancellationToken cancellationToken)
    {
        try
        {
            using var request = Request(page);
            request.Headers.Accept.ParseAdd("application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1");
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return [];
            }

            CheckStatus(response, $"The index {Shown(page)}");
            await response.Content.LoadIntoBufferAsync(PageLimitBytes, cancellationToken).WaitAsync(PageLimit, clock, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
            var final = response.RequestMessage?.RequestUri ?? page;
            var found = isJson ? SimplePage.ReadJson(text, final, package) : SimplePage.ReadHtml(text, final, package);
            return [.. found.Select(candidate => candidate with { Location = WithUser(candidate.Location, page) })];
        }
        catch (HttpRequestException fault)
        {
            throw new IndexException(
                "download_failed", $"The index {Shown(page)} cannot be reached: {Cause(fault)}; use --no-index with --find-links (NO_INDEX, FIND_LINKS) to build offline.", fault);
        }
        catch (Exception fault) when (fault is not IndexException && (IsFetchFault(fault, cancellationToken) || fault is JsonException or RegexMatchTimeoutException))
        {
            throw new IndexException("download_failed", $"The index {Shown(page)} does not answer as an index.", fault);
        }
    }

    private static string Cause(HttpRequestException fault) => fault.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "its name is not known",
        HttpRequestError.SecureConnectionError => "no secure connection",
        HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded => "its answer is no HTTP",
        _ => "no connection",
    };

    private async Task<Stream> OpenAsync(Uri location, CancellationToken cancellationToken)
    {
        if (location.IsFile)
        {
            return File.OpenRead(location.LocalPath);
        }

        using var request = Request(location);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        CheckStatus(response, Shown(location));
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    /// <summary>What a server refuses it will refuse again; other faults may pass.</summary>
    private static void CheckStatus(HttpResponseMessage response, string who)
    {
        if (!response.IsSuccessStatusCode)
        {
            var code = (int)response.StatusCode;
            response.Dispose();
            throw new IndexException(code is >= 400 and < 500 and not (408 or 429) ? "refused" : "download_failed", $"{who} answers {code}.");
        }
    }

    /// <summary>A file beside its index is fetched by the index's user; a file elsewhere is not.</summary>
    private static Uri WithUser(Uri location, Uri page) =>
        page.UserInfo.Length > 0 && location.UserInfo.Length == 0 && Uri.Compare(location, page, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? new Uri($"{location.Scheme}://{page.UserInfo}@{location.Authority}{location.PathAndQuery}{location.Fragment}")
            : location;

    /// <summary>A request whose user and password travel as Basic authentication and not in the URL.</summary>
    private static HttpRequestMessage Request(Uri location)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(location) { UserName = string.Empty, Password = string.Empty }.Uri);
        if (location.UserInfo.Length > 0)
        {
            var user = Uri.UnescapeDataString(location.UserInfo);
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        }

        return request;
    }

    private static string Shown(Uri location) => location.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.SafeUnescaped);
}
