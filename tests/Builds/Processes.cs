using System.Text;

namespace Refinery.Tests.Builds;

/// <summary>Finds processes of this machine by what they were started with.</summary>
internal static class Processes
{
    /// <summary>Processes that have this text among their arguments.</summary>
    public static IReadOnlyList<string> WithArgument(string text) => With("cmdline", text);

    /// <summary>Processes that have this text in their environment.</summary>
    public static IReadOnlyList<string> WithVariable(string text) => With("environ", text);

    /// <summary>Children of this process that have ended and that nobody has reaped.</summary>
    public static IReadOnlyList<string> Unreaped()
    {
        var parent = $" {Environment.ProcessId} ";
        return [.. All().Where(folder => IsZombieOf(parent, Path.Combine(folder, "stat")))];
    }

    /// <summary>After the name in parentheses come the state and the parent.</summary>
    private static bool IsZombieOf(string parent, string file) => Read(file) is var stat && stat[(stat.LastIndexOf(')') + 1)..].StartsWith($" Z{parent}", StringComparison.Ordinal);

    /// <summary>Those of an ended process are empty, so it is not found while it waits to be reaped.</summary>
    private static List<string> With(string file, string text) => [.. All().Where(folder => Read(Path.Combine(folder, file)).Contains(text, StringComparison.Ordinal))];

    private static IEnumerable<string> All() => Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]));

    private static string Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return string.Empty; // It has just ended, or is another user's.
        }
    }
}
