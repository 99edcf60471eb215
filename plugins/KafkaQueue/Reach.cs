using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Refinery.KafkaQueue;

/// <summary>Whether the brokers answer. While they do not, calls fail at once instead of waiting each for itself.</summary>
internal sealed partial class Reach(ILogger logger)
{
    private readonly Lock gate = new();
    private volatile string? trouble;

    public bool IsAway => trouble is not null;

    /// <exception cref="IOException">The brokers are away.</exception>
    public void ThrowIfAway()
    {
        if (trouble is { } reason)
        {
            throw Fault(reason);
        }
    }

    /// <summary>The brokers did not answer; whoever looks for them says when they do.</summary>
    /// <returns>What the caller is to throw.</returns>
    public IOException Lose(Error error)
    {
        lock (gate)
        {
            if (trouble is null)
            {
                LogAway(logger, error.Reason);
            }

            trouble = error.Reason;
        }

        return Fault(error.Reason);
    }

    /// <summary>The brokers answered.</summary>
    public void Regain()
    {
        lock (gate)
        {
            if (trouble is not null)
            {
                LogBack(logger);
            }

            trouble = null;
        }
    }

    private static IOException Fault(string reason) => new($"The Kafka brokers cannot be reached: {reason}.");

    [LoggerMessage(LogLevel.Warning, "The Kafka brokers cannot be reached ({Reason}); steps are dispatched from the database meanwhile.")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "The Kafka brokers answer again.")]
    private static partial void LogBack(ILogger logger);
}
