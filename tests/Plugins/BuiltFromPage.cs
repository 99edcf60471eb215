using System.Diagnostics;
using System.Text;

namespace Refinery.Tests.Plugins;

/// <summary>The plugins of docs/plugins.md, built as the page says by somebody who has only the page and a host.</summary>
public sealed class BuiltFromPage : IAsyncLifetime
{
    private const string HomeOnThePage = "/opt/refinery";

    private TemporaryFolder Folder { get; } = new();

    /// <summary>The plugins folder that the page's commands filled.</summary>
    public string Plugins => Path.Combine(Home, "plugins");

    private string Home => Folder.File("home");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Home);
        File.Copy(typeof(Contract.IQueuePlugin).Assembly.Location, Path.Combine(Home, "Refinery.Contract.dll"));
        CopyDelivered();
        foreach (var (file, code) in PluginPage.Files)
        {
            var path = Folder.File(file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, code);
        }

        foreach (var command in PluginPage.BuildCommands)
        {
            await BuildAsync(command.Replace(HomeOnThePage, Home, StringComparison.Ordinal));
        }
    }

    public Task DisposeAsync()
    {
        Folder.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>What comes with the host is there before a stranger's plugin is.</summary>
    private void CopyDelivered()
    {
        foreach (var file in Directory.GetFiles(Paths.HostPlugins, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Plugins, Path.GetRelativePath(Paths.HostPlugins, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private async Task BuildAsync(string arguments)
    {
        // The two options leave no compiler or build node behind.
        var start = new ProcessStartInfo("dotnet", $"{arguments} -nodeReuse:false -p:UseSharedCompilation=false")
        {
            WorkingDirectory = Folder.Path,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            // The test runner's own; they would point the build at its folders.
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var output = new StringBuilder(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {arguments} failed:\n{output}");
    }
}
