using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Refinery.Builds.Packages;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Index;

/// <summary>Reads one project's page: HTML as PEP 503 has it, or JSON as PEP 691 has it.</summary>
internal static partial class SimplePage
{
    /// <summary>The source archives of a package on an HTML page.</summary>
    public static IReadOnlyList<SdistCandidate> ReadHtml(string html, Uri page, string package)
    {
        var root = BaseHref().Match(html) is { Success: true } found && Uri.TryCreate(page, WebUtility.HtmlDecode(found.Groups["href"].Value), out var named) ? named : page;
        return Candidates(Anchors().Matches(html).Select(anchor => FromAnchor(anchor.Groups["attributes"].Value, root)), page, package);
    }

    /// <summary>The source archives of a package in a JSON answer.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static IReadOnlyList<SdistCandidate> ReadJson(string json, Uri page, string package)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Member("files", JsonValueKind.Array) is { } files
            ? Candidates(files.EnumerateArray().Select(file => FromFile(file, page)), page, package)
            : [];
    }

    private static IReadOnlyList<SdistCandidate> Candidates(IEnumerable<Link?> links, Uri page, string package) =>
        [.. links.OfType<Link>().Select(link => link.Candidate(package)).OfType<SdistCandidate>().Where(candidate => MayLead(page, candidate))];

    private static Link? FromAnchor(string attributes, Uri root)
    {
        var values = Attributes().Matches(attributes).ToLookup(
            attribute => attribute.Groups["name"].Value.ToLowerInvariant(),
            attribute => WebUtility.HtmlDecode(attribute.Groups["value"].Value),
            StringComparer.Ordinal);
        if (values["href"].FirstOrDefault() is not { } href || !Uri.TryCreate(root, href, out var location))
        {
            return null;
        }

        var digest = location.Fragment.StartsWith("#sha256=", StringComparison.Ordinal) ? location.Fragment["#sha256=".Length..] : null;
        return new Link(location, digest, values["data-requires-python"].FirstOrDefault(), values.Contains("data-yanked"));
    }

    private static Link? FromFile(JsonElement file, Uri page)
    {
        if (file.TextMember("url") is not { } url || !Uri.TryCreate(page, url, out var location))
        {
            return null;
        }

        var digest = file.Member("hashes", JsonValueKind.Object)?.TextMember("sha256");
        var isYanked = file.TryGetProperty("yanked", out var yanked) && yanked.ValueKind is JsonValueKind.True or JsonValueKind.String;
        return new Link(location, digest, file.TextMember("requires-python"), isYanked);
    }

    /// <summary>A page fetched safely does not lead to what anybody on the way could change, and none from elsewhere into this machine.</summary>
    private static bool MayLead(Uri page, SdistCandidate candidate) =>
        (page.Scheme != Uri.UriSchemeHttps || candidate.Location.Scheme == Uri.UriSchemeHttps || candidate.Sha256 is not null)
        && (IsNear(page) || !IsNear(candidate.Location));

    /// <summary>True for loopback and link-local addresses, where metadata services and neighbours without a guard listen.</summary>
    private static bool IsNear(Uri location) =>
        location.IsLoopback
        || (IPAddress.TryParse(location.DnsSafeHost, out var written)
            && (written.IsIPv4MappedToIPv6 ? written.MapToIPv4() : written) is var address
            && (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
                || address.GetAddressBytes() is [169, 254, _, _]));

    [GeneratedRegex("<a\\s(?<attributes>[^>]*)>", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Anchors();

    [GeneratedRegex("(?<name>[a-z-]+)(\\s*=\\s*(\"(?<value>[^\"]*)\"|'(?<value>[^']*)'|(?<value>[^\\s\"'>]+)))?", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Attributes();

    [GeneratedRegex("<base\\s[^>]*href\\s*=\\s*[\"'](?<href>[^\"']*)[\"']", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex BaseHref();

    /// <summary>A file that a page leads to.</summary>
    private sealed record Link(Uri Location, string? Sha256, string? RequiresPython, bool IsYanked)
    {
        /// <summary>The source archive it is, or null.</summary>
        public SdistCandidate? Candidate(string package)
        {
            // A page from elsewhere must not lead to a file of this machine.
            if (Location.Scheme is not ("http" or "https"))
            {
                return null;
            }

            var fileName = Uri.UnescapeDataString(Location.Segments[^1]);
            return SdistName.VersionOf(fileName, package) is { } version
                ? new SdistCandidate(package, version, fileName, Location, Sha256?.ToLowerInvariant(), RequiresPython is null ? null : SpecifierSet.TryParse(RequiresPython), IsYanked)
                : null;
        }
    }
}
