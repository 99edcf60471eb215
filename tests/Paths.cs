namespace Refinery.Tests;

/// <summary>Where the repository's parts lie, found upward from the test's own folder.</summary>
internal static class Paths
{
    /// <summary>The folder of Refinery.sln.</summary>
    public static string Repository { get; } = FindRepository();

    private static string HostOutput => Path.Combine(Repository, "host", "bin", Configuration, "net10.0");

    /// <summary>The host's program.</summary>
    public static string HostProgram => Path.Combine(HostOutput, "refinery.dll");

    /// <summary>The plugins laid beside the host.</summary>
    public static string HostPlugins => Path.Combine(HostOutput, "plugins");

    /// <summary>The configuration the tests were built in: Debug or Release.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Refinery.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Refinery.sln was not found above the tests.");
    }
}
