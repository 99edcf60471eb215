using Refinery.Builds.Index;

namespace Refinery.Builds;

/// <summary>Takes the users and passwords of index URLs out of what builds print: a build sees them in its environment and may show them.</summary>
internal sealed class IndexSecrets
{
    private const string Hidden = "****";

    // Shorter ones would be found in every other word.
    private const int ShortestSecret = 4;

    private readonly string[] secrets;

    private IndexSecrets(IEnumerable<string> secrets) =>
        this.secrets = [.. secrets.Where(secret => secret.Length >= ShortestSecret).Distinct(StringComparer.Ordinal).OrderByDescending(secret => secret.Length)];

    /// <summary>The secrets of the settings in force.</summary>
    public static IndexSecrets Of(IndexSettings settings)
    {
        string?[] urls = [settings.IndexUrl, .. settings.ExtraIndexUrls, .. settings.FindLinks];
        return new(urls.SelectMany(url => Uri.TryCreate(url, UriKind.Absolute, out var location) ? Parts(location.UserInfo) : []));
    }

    /// <summary>The line without them.</summary>
    public string Hide(string line)
    {
        foreach (var secret in secrets)
        {
            line = line.Replace(secret, Hidden, StringComparison.Ordinal);
        }

        return line;
    }

    /// <summary>Where there is no password, the user is the secret, as with access tokens.</summary>
    private static IEnumerable<string> Parts(string userInfo)
    {
        var secret = userInfo[(userInfo.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return [userInfo, secret, Uri.UnescapeDataString(secret)];
    }
}
