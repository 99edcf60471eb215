using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Refinery.Tests.Plugins;

/// <summary>Keeps the warnings and errors that were logged.</summary>
internal sealed class RecordedLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> warnings = new();

    public IReadOnlyList<string> Warnings => [.. warnings];

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Nothing is passed on.");

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            warnings.Enqueue(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
