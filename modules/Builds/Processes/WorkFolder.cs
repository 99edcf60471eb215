using System.Globalization;
using Refinery.Contract;

namespace Refinery.Builds.Processes;

/// <summary>The folder of one attempt. It is gone when the attempt ends; if the host dies first, its mark lets the next start clear it.</summary>
/// <remarks>
/// The mark lies beside the folder, where the build does not look: boot id, the host's pid and start, the mark, then a line
/// with pid and start of every command that was run. See <see cref="Leftovers"/>.
/// </remarks>
internal sealed class WorkFolder : IDisposable
{
    public const string MarkSuffix = ".mark";

    private readonly string markFile;

    private WorkFolder(string path, string mark)
    {
        Path = path;
        Mark = mark;
        markFile = path + MarkSuffix;
    }

    /// <summary>The absolute path of the folder.</summary>
    public string Path { get; }

    /// <summary>The random text that every process started for this folder carries in its environment.</summary>
    public string Mark { get; }

    /// <summary>The folder that a build's task names.</summary>
    public static WorkFolder Of(BuildTask task) => new(task.Work, task.Mark);

    /// <summary>Makes a new folder.</summary>
    /// <param name="root">The folder all attempts' folders lie in; made when missing.</param>
    /// <param name="name">What a person should recognise; made safe for a file name.</param>
    /// <param name="mark">Random letters and digits.</param>
    public static WorkFolder Create(string root, string name, string mark)
    {
        var safe = new string([.. name.Take(60).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]);
        var work = new WorkFolder(System.IO.Path.GetFullPath(System.IO.Path.Combine(root, $"{safe}-{mark}")), mark);
        Directory.CreateDirectory(root);
        var host = Environment.ProcessId;
        File.WriteAllLines(work.markFile, [ProcessTable.BootId(), Identity(host), mark]);
        Directory.CreateDirectory(work.Path);
        return work;
    }

    /// <summary>Pid and start of a process: together they name one process of this boot for good.</summary>
    public static string Identity(int pid) =>
        string.Create(CultureInfo.InvariantCulture, $"{pid} {ProcessTable.Find(pid)?.StartTicks ?? 0}");

    /// <summary>The path of a folder inside, made when missing.</summary>
    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    /// <summary>Notes a command that was started here.</summary>
    public void Remember(int pid) => File.AppendAllLines(markFile, [Identity(pid)]);

    public void Dispose() => Remove(Path);

    /// <summary>Removes a work folder and its mark; what other users' processes still write is left for the next start.</summary>
    public static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            MakeWritable(path);
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return;
            }
        }

        File.Delete(path + MarkSuffix);
    }

    /// <summary>Some builds take the write permission from their folders (Go's module cache does).</summary>
    private static void MakeWritable(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var folder in new DirectoryInfo(path).EnumerateDirectories("*", options).Where(folder => !folder.UnixFileMode.HasFlag(UnixFileMode.UserWrite)))
        {
            folder.UnixFileMode |= UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        }
    }
}
