namespace Refinery.Contract;

/// <summary>A plugin cannot open; the message is one sentence for the person who starts the host and is printed as it stands.</summary>
public sealed class PluginException : Exception
{
    /// <summary>Says nothing; give a message.</summary>
    public PluginException()
    {
    }

    /// <summary>Says what is wrong, names the setting and quotes its value.</summary>
    public PluginException(string message)
        : base(message)
    {
    }

    /// <summary>Says what is wrong and keeps the cause for the log.</summary>
    public PluginException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
