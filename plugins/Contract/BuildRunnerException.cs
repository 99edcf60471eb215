namespace Refinery.Contract;

/// <summary>A build could not be run, through no fault of its own; the message is one sentence for a person and goes to the step's log.</summary>
public sealed class BuildRunnerException : Exception
{
    /// <summary>Says nothing; give a message.</summary>
    public BuildRunnerException()
    {
    }

    /// <summary>Says what is wrong and names what would be right.</summary>
    public BuildRunnerException(string message)
        : base(message)
    {
    }

    /// <summary>Says what is wrong and keeps the cause for the log.</summary>
    public BuildRunnerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>True when another attempt may go well without anybody's doing; false (default) ends the step.</summary>
    public bool IsTransient { get; init; }
}
