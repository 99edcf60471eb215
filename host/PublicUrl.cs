namespace Refinery.Host;

/// <summary>URLs as anybody may see them: without userinfo, query and fragment, where secrets are put.</summary>
internal static class PublicUrl
{
    /// <summary>The public part. What is no absolute URL comes back as it is unless it could hold userinfo.</summary>
    public static string Of(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out var url) && !url.IsFile)
        {
            return url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        }

        return text.Contains('@', StringComparison.Ordinal) ? "(hidden)" : text;
    }

    /// <summary>The host and port alone, for a sentence.</summary>
    public static string HostOf(Uri url) => url.GetComponents(UriComponents.HostAndPort, UriFormat.UriEscaped);
}
