namespace Refinery.Kernel.Web;

/// <summary>Reads addresses that a person has set.</summary>
public static class WebUrl
{
    /// <summary>The absolute http or https URL that a text is, or null.</summary>
    public static Uri? Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https") ? url : null;
}
