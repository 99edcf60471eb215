using Refinery.Kernel.Web;

namespace Refinery.Builds.Wheels;

/// <summary>Whether a wheel's tags answer what was asked for.</summary>
internal static class WheelTags
{
    /// <summary>Whether the wheel runs on the wanted interpreter: its own tag, <c>py3</c>, or the stable ABI of an earlier one.</summary>
    public static bool FitPython(WheelName wheel, string wanted) => wheel.PythonTags.Any(tag =>
        tag == wanted
        || (tag == "py3" && !wanted.StartsWith("cp2", StringComparison.Ordinal))
        || (Number(wanted) is { } number && tag == $"py{number}")
        || (wheel.AbiTags.Contains("abi3", StringComparer.Ordinal) && IsEarlier(tag, wanted)));

    /// <summary>Whether the wheel runs on the wanted platform. A wheel built here as <c>linux_arch</c> answers a request for
    /// <c>manylinux…_arch</c> or <c>musllinux…_arch</c>: the request names the machine it must run on, and it was built on one.</summary>
    public static bool FitPlatform(WheelName wheel, string wanted) => wheel.PlatformTags.Any(tag =>
        tag == "any" || tag == wanted
        || (IsLinux(tag) && IsLinux(wanted) && Architecture(tag) == Architecture(wanted) && (Library(tag) == Library(wanted) || Library(tag).Length == 0 || Library(wanted).Length == 0)));

    /// <summary>The processor a Linux tag names, for example <c>s390x</c>; null for any other tag.</summary>
    public static string? MachineOf(string platformTag) =>
        IsLinux(platformTag) && Architecture(platformTag) is { Length: > 0 } machine ? machine : null;

    private static bool IsEarlier(string tag, string wanted) =>
        tag.StartsWith("cp3", StringComparison.Ordinal) && wanted.StartsWith("cp3", StringComparison.Ordinal)
        && int.TryParse(tag.AsSpan(3), out var built) && int.TryParse(wanted.AsSpan(3), out var asked) && built <= asked;

    private static string? Number(string tag) => tag.StartsWith("cp", StringComparison.Ordinal) ? tag[2..] : null;

    private static bool IsLinux(string tag) => tag.Contains("linux", StringComparison.Ordinal);

    /// <summary>The C library a tag binds to: <c>many</c> for glibc, <c>musl</c>, or nothing for the machine's own.</summary>
    private static string Library(string tag) => tag[..tag.IndexOf("linux", StringComparison.Ordinal)];

    /// <summary>What is left of <c>manylinux_2_17_x86_64</c>, <c>manylinux2014_x86_64</c> or <c>linux_x86_64</c> behind the kind and its version.</summary>
    private static string Architecture(string tag) =>
        string.Join('_', tag.Split('_').Skip(1).SkipWhile(part => part.All(char.IsAsciiDigit)));
}
