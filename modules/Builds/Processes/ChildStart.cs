using System.ComponentModel;

namespace Refinery.Builds.Processes;

/// <summary>Finds a command's program and starts it under its limits.</summary>
internal static class ChildStart
{
    /// <summary>Starts the command with the mark in its environment.</summary>
    /// <exception cref="ChildStartException">The program cannot be started; the message is one sentence.</exception>
    public static SpawnedChild Start(ChildCommand command, string mark)
    {
        var path = command.Environment.GetValueOrDefault("PATH", "/usr/bin:/bin");
        var program = Programs.Find(command.Program, path)
            ?? throw new ChildStartException($"The program '{command.Program}' is not installed.");
        var environment = new Dictionary<string, string>(command.Environment, StringComparer.Ordinal) { [ProcessGroup.MarkVariable] = mark };
        try
        {
            return command.MemoryLimitBytes is { } bytes && Programs.Find("prlimit", path) is { } prlimit
                ? SpawnedChild.Start(prlimit, [$"--as={bytes}", "--", program, .. command.Arguments], command.WorkingFolder, environment)
                : SpawnedChild.Start(program, command.Arguments, command.WorkingFolder, environment);
        }
        catch (Win32Exception exception)
        {
            throw new ChildStartException($"The program '{program}' cannot be started.", exception);
        }
    }
}

/// <summary>A program cannot be started; the message is one sentence for a person.</summary>
internal sealed class ChildStartException(string message, Exception? inner = null) : Exception(message, inner);
