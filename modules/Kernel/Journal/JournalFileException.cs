namespace Refinery.Kernel.Journal;

/// <summary>The journal on disk is broken or contradicts the database; the message is one sentence for a person.</summary>
public sealed class JournalFileException : Exception
{
    public JournalFileException()
    {
    }

    public JournalFileException(string message)
        : base(message)
    {
    }

    public JournalFileException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
