namespace Refinery.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("refinery-test-").FullName;

    /// <summary>What goes with it.</summary>
    public Action? WhenGone { get; set; }

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
            WhenGone?.Invoke();
        }
    }
}
