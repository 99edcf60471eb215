namespace Refinery.Kernel.Web;

/// <summary>A wheel's file name, divided: <c>distribution-version(-build)-python-abi-platform.whl</c>. Source: PEP 427.</summary>
/// <param name="Distribution">The package, with <c>_</c> for <c>-</c>.</param>
/// <param name="Version">As written in the name.</param>
/// <param name="PythonTag">For example <c>cp311</c>, or <c>py2.py3</c> for several.</param>
/// <param name="AbiTag">For example <c>cp311</c>, <c>abi3</c> or <c>none</c>.</param>
/// <param name="PlatformTag">For example <c>linux_x86_64</c>, <c>any</c>, or several with dots between them.</param>
public sealed record WheelName(string Distribution, string Version, string PythonTag, string AbiTag, string PlatformTag)
{
    private const string Suffix = ".whl";

    /// <summary>The python tags one by one; at least one.</summary>
    public IReadOnlyList<string> PythonTags => PythonTag.Split('.');

    /// <summary>The ABI tags one by one; at least one.</summary>
    public IReadOnlyList<string> AbiTags => AbiTag.Split('.');

    /// <summary>The platform tags one by one; at least one.</summary>
    public IReadOnlyList<string> PlatformTags => PlatformTag.Split('.');

    /// <summary>Every tag the name promises, for example <c>cp311-cp311-linux_x86_64</c>.</summary>
    public IEnumerable<string> Tags =>
        from python in PythonTags
        from abi in AbiTags
        from platform in PlatformTags
        select $"{python}-{abi}-{platform}";

    /// <summary>Divides a file name.</summary>
    /// <param name="fileName">A name without folders.</param>
    /// <returns>Null when it is no wheel's: another ending, an empty part, or a build number without a digit first.</returns>
    public static WheelName? Parse(string fileName)
    {
        if (!fileName.EndsWith(Suffix, StringComparison.Ordinal))
        {
            return null;
        }

        var parts = fileName[..^Suffix.Length].Split('-');
        return parts.Length is 5 or 6 && !parts.Contains(string.Empty) && (parts.Length == 5 || char.IsAsciiDigit(parts[2][0]))
            ? new WheelName(parts[0], parts[1], parts[^3], parts[^2], parts[^1])
            : null;
    }
}
