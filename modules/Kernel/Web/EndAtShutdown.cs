using Microsoft.AspNetCore.Builder;

namespace Refinery.Kernel.Web;

/// <summary>Marks an endpoint whose answer waits or streams: its request's token fires when the process is asked to stop.</summary>
/// <remarks>Endpoints that produce <c>text/event-stream</c> are treated so without the mark.</remarks>
public sealed record EndAtShutdownMetadata;

/// <summary>The verb by which an endpoint that waits says so.</summary>
public static class EndingAtShutdown
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <summary>Lets the process stop without waiting for this endpoint's callers.</summary>
        public TBuilder EndAtShutdown() => builder.WithMetadata(new EndAtShutdownMetadata());
    }
}
