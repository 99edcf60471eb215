namespace Refinery.Artifacts;

/// <summary>What a wheel's file name says: <c>name-version(-build)-python-abi-platform.whl</c>. Source: PEP 427.</summary>
internal sealed record WheelTags(string Version, string PythonTag, string PlatformTag)
{
    private const string Suffix = ".whl";

    /// <summary>Null when the name is no wheel's.</summary>
    public static WheelTags? Read(string fileName) =>
        fileName.EndsWith(Suffix, StringComparison.Ordinal) && fileName[..^Suffix.Length].Split('-') is { Length: 5 or 6 } parts
            ? new WheelTags(parts[1], parts[^3], parts[^1])
            : null;
}
