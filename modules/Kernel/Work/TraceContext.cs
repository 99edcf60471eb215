using System.Diagnostics;

namespace Refinery.Kernel.Work;

/// <summary>The place in a trace that further work hangs under, as W3C's two headers carry it from process to process.</summary>
/// <param name="Traceparent">Version 00: 55 characters.</param>
/// <param name="Tracestate">What the tracing systems on the way have noted; null when nothing, or too much.</param>
/// <remarks>Source: W3C, "Trace Context".</remarks>
public sealed record TraceContext(string Traceparent, string? Tracestate)
{
    private const int ParentLength = 55;

    /// <summary>As much of a tracestate as everybody must carry on; a longer one is left out.</summary>
    private const int LongestState = 512;

    /// <summary>Where spans of our own come from; without a listener it makes none.</summary>
    public static ActivitySource Source { get; } = new("Refinery");

    /// <summary>The span that is open here if it is exported, else the one it was to hang under; null when there is neither.</summary>
    /// <remarks>The first span of a trace that is not sampled is handed on too: its flag keeps those under it from being sampled by themselves.</remarks>
    public static TraceContext? Current => Activity.Current is { } activity
        ? Of(activity.Source.HasListeners() && (activity.Recorded || activity.ParentId is null) ? activity.Id : activity.ParentId, activity.TraceStateString)
        : null;

    /// <summary><see cref="Current"/> as a child process finds it in its environment; empty when there is none.</summary>
    /// <remarks>Source: OpenTelemetry, "Environment Variables as Context Propagation Carriers".</remarks>
    public static IReadOnlyDictionary<string, string> Variables
    {
        get
        {
            var variables = new Dictionary<string, string>(StringComparer.Ordinal);
            if (Current is { } trace)
            {
                variables["TRACEPARENT"] = trace.Traceparent;
            }

            if (Current?.Tracestate is { } state)
            {
                variables["TRACESTATE"] = state;
            }

            return variables;
        }
    }

    /// <summary>The context that two texts name; null when the first names none.</summary>
    public static TraceContext? Of(string? traceparent, string? tracestate) => traceparent is { Length: ParentLength } && ActivityContext.TryParse(traceparent, null, out _)
        ? new TraceContext(traceparent, tracestate is { Length: > 0 and <= LongestState } ? tracestate : null)
        : null;

    /// <summary>Opens a span under a context. While it is open, calls by HTTP carry the trace on, also when no span is exported.</summary>
    /// <param name="under">Null goes on with the open span, or begins a trace, if spans are exported at all.</param>
    /// <returns>To be disposed at the span's end; null when there is no trace.</returns>
    public static Activity? Begin(string name, ActivityKind kind, TraceContext? under)
    {
        var parent = under is not null && ActivityContext.TryParse(under.Traceparent, under.Tracestate, isRemote: true, out var known) ? known : default;
        return Source.StartActivity(name, kind, parent)
            ?? (under is null ? null : new Activity(name) { TraceStateString = under.Tracestate }.SetParentId(under.Traceparent).Start());
    }
}
