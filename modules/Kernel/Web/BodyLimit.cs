using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Metadata;

namespace Refinery.Kernel.Web;

/// <summary>The largest body one endpoint takes; an endpoint without it takes <see cref="Default"/>.</summary>
/// <param name="Bytes">1 or more. A larger body is answered with 413 before its endpoint runs, or, when it came without a length, by the read that passes the limit.</param>
/// <remarks>Source: docs/spec/control-plane-api.md, "Rules for every endpoint".</remarks>
public sealed record BodyLimit(long Bytes) : IRequestSizeLimitMetadata
{
    /// <summary>10 MiB.</summary>
    public const long Default = 10L << 20;

    /// <summary>What the web server obeys.</summary>
    long? IRequestSizeLimitMetadata.MaxRequestBodySize => Bytes;
}

/// <summary>The verb by which an endpoint sets its limit.</summary>
public static class BodyLimits
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <summary>Takes bodies of at most so many bytes.</summary>
        public TBuilder WithBodyLimit(long bytes) => builder.WithMetadata(new BodyLimit(bytes));
    }
}
