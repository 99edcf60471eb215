namespace Refinery.Tests.Builds;

/// <summary>Published source archives out of Debian's archive, fetched by a configuration of apt of its own: the machine's stays as it is.</summary>
internal static class DebianSource
{
    private const string List = $"deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {Apt.Archive} bookworm main\n";

    /// <summary>Fetches the original archive of a source package.</summary>
    /// <returns>The path of its <c>.orig.tar.gz</c> in the folder.</returns>
    public static async Task<string> FetchAsync(string package, TemporaryFolder folder)
    {
        await File.WriteAllTextAsync(folder.File("sources.list"), List);
        Directory.CreateDirectory(folder.File("lists/partial"));
        Directory.CreateDirectory(folder.File("cache/archives/partial"));
        await RunAsync(folder, "update");
        await RunAsync(folder, "source", "--download-only", "--tar-only", package);
        return Directory.GetFiles(folder.Path, $"{package}_*.orig.tar.gz").Single();
    }

    private static Task<string> RunAsync(TemporaryFolder folder, params string[] command) => Tool.RunAsync(
        "/bin/sh",
        [
            "-c", "cd \"$1\" && shift && exec apt-get \"$@\"", "sh", folder.Path,
            "-o", $"Dir::Etc::sourcelist={folder.File("sources.list")}", "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", $"Dir::State::lists={folder.File("lists")}", "-o", $"Dir::Cache={folder.File("cache")}",
            "-o", "Acquire::Languages=none", "-o", "APT::Update::Error-Mode=any", "-o", "APT::Sandbox::User=root", "-q", .. command,
        ]);
}
