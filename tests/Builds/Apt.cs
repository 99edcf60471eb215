namespace Refinery.Tests.Builds;

/// <summary>Debian's package manager, as far as the tests need it.</summary>
internal static class Apt
{
    /// <summary>Where Debian publishes.</summary>
    public const string Archive = "http://deb.debian.org/debian";

    private static readonly Lazy<string?> Unreachable = new(Reach);

    /// <summary>Why Debian's archive cannot be asked here; null when it can.</summary>
    public static string? ArchiveRefusal => File.Exists("/usr/bin/apt-get") ? Unreachable.Value : "needs Debian's apt";

    /// <summary>Why no system package can be installed here; null when one can.</summary>
    public static string? InstallRefusal => Environment.UserName == "root" ? ArchiveRefusal : "needs root to install a package";

    public static async Task<bool> IsInstalledAsync(string package)
    {
        var (code, output) = await Tool.TryAsync("dpkg-query", "-W", "-f", "${db:Status-Status}", package);
        return code == 0 && output.Trim() == "installed";
    }

    /// <summary>Brings the lists of packages up to date: without them apt knows no package at all.</summary>
    public static Task UpdateAsync() => Tool.RunAsync("apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Update::Error-Mode=any", "update");

    public static Task PurgeAsync(string package) => Tool.RunAsync("apt-get", "-o", "DPkg::Lock::Timeout=300", "purge", "-y", package);

    private static string? Reach()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = http.Send(new HttpRequestMessage(HttpMethod.Head, $"{Archive}/dists/stable/InRelease"));
            return answer.IsSuccessStatusCode ? null : $"Debian's archive answers {(int)answer.StatusCode}";
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            return $"Debian's archive cannot be reached: {fault.Message}";
        }
    }
}

/// <summary>A fact that installs a Debian package. Where that is impossible it is skipped with its reason, but in continuous integration it fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWithAptAttribute : FactAttribute
{
    public override string? Skip
    {
        get => Environment.GetEnvironmentVariable("CI") is { Length: > 0 } ? null : Apt.InstallRefusal;
        set => throw new NotSupportedException("The system decides.");
    }
}

/// <summary>A fact that fetches from Debian's archive; skipped with its reason where that cannot be reached.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FactWithDebianArchiveAttribute : FactAttribute
{
    public override string? Skip
    {
        get => Apt.ArchiveRefusal;
        set => throw new NotSupportedException("The archive decides.");
    }
}
