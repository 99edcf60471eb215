namespace Refinery.Builds.Processes;

/// <summary>Finds programs the way a shell does.</summary>
internal static class Programs
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The absolute path of a program, or null when there is none that may be run.</summary>
    /// <param name="program">A name, or a path with a slash.</param>
    /// <param name="path">Folders divided by colons; entries that are not absolute are left out.</param>
    public static string? Find(string program, string path) =>
        program.Contains('/', StringComparison.Ordinal)
            ? Path.GetFullPath(program) is var full && IsExecutable(full) ? full : null
            : path.Split(':').Where(Path.IsPathRooted).Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsExecutable);

    private static bool IsExecutable(string file) =>
        File.Exists(file)
        && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & Execute) != UnixFileMode.None);
}
