using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Refinery.Tests.Host;

/// <summary>A request's id is the caller's where it is one, else ours, and stands in every log line of the request.</summary>
public sealed class CorrelationTests
{
    [Fact]
    public async Task An_id_of_the_caller_is_kept_when_it_is_one_and_replaced_when_not()
    {
        await using var host = await RefineryHost.StartAsync();
        (string Given, bool IsKept)[] cases =
        [
            ("a", true), ("A-z_0.9", true), (new string('x', 128), true), (new string('x', 129), false), ("", false),
            ("two words", false), ("a/b", false), ("a;b", false), ("<script>", false),
        ];

        foreach (var (given, isKept) in cases)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/health");
            request.Headers.TryAddWithoutValidation("X-Correlation-ID", given);
            using var response = await host.Http.SendAsync(request);
            var answered = Assert.Single(response.Headers.GetValues("X-Correlation-ID"));

            Assert.True(isKept ? answered == given : answered is { Length: 32 } && answered.All(char.IsAsciiHexDigitLower), $"'{given}' was answered by '{answered}'");
        }
    }

    [Fact]
    public async Task Every_log_line_of_a_request_carries_its_id()
    {
        using var log = new ScopedLog();
        await using var host = await RefineryHost.StartAsync(
            new TemporaryFolder(),
            services => services.AddSingleton<ILoggerProvider>(log),
            ("Logging:LogLevel:Microsoft.AspNetCore.Routing.EndpointMiddleware", "Information"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/config");
        request.Headers.Add("X-Correlation-ID", "of-this-request");

        using var response = await host.Http.SendAsync(request);

        var lines = log.Lines.Where(line => line.Text.Contains("/api/config", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Contains("correlation_id:of-this-request", line.Scopes));
    }

    /// <summary>Keeps each line with the scopes around it.</summary>
    private sealed class ScopedLog : ILoggerProvider, ISupportExternalScope, ILogger
    {
        private IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

        public ConcurrentQueue<(string Text, IReadOnlyList<string> Scopes)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var around = new List<string>();
            scopes.ForEachScope((scope, list) => list.Add($"{scope}"), around);
            Lines.Enqueue((formatter(state, exception), around));
        }

        public void Dispose()
        {
        }
    }
}
