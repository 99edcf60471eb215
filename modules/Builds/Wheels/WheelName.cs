namespace Refinery.Builds.Wheels;

/// <summary>A wheel's file name, as PEP 427 divides it.</summary>
/// <param name="PythonTags">For example <c>cp311</c>, or <c>py2</c> and <c>py3</c>.</param>
internal sealed record WheelName(
    string Distribution, string Version, IReadOnlyList<string> PythonTags, IReadOnlyList<string> AbiTags, IReadOnlyList<string> PlatformTags)
{
    /// <summary>Reads a file name; null when it is no wheel's.</summary>
    public static WheelName? Parse(string fileName)
    {
        if (!fileName.EndsWith(".whl", StringComparison.Ordinal))
        {
            return null;
        }

        var parts = fileName[..^4].Split('-');
        if (parts.Length is not (5 or 6) || parts.Any(part => part.Length == 0) || (parts.Length == 6 && !char.IsAsciiDigit(parts[2][0])))
        {
            return null;
        }

        return new WheelName(parts[0], parts[1], parts[^3].Split('.'), parts[^2].Split('.'), parts[^1].Split('.'));
    }

    /// <summary>Every tag the name promises, for example <c>cp311-cp311-linux_x86_64</c>.</summary>
    public IEnumerable<string> Tags =>
        from python in PythonTags
        from abi in AbiTags
        from platform in PlatformTags
        select $"{python}-{abi}-{platform}";
}
