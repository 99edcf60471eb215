namespace Refinery.Kernel.Web;

/// <summary>Path segments as data: the server leaves <c>%2F</c> encoded so that a slash in a name is no separator; this reads it.</summary>
public static class RouteText
{
    /// <summary>The segment as its sender meant it.</summary>
    public static string Decode(string segment) => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
