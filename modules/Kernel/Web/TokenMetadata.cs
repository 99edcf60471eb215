using Microsoft.AspNetCore.Builder;

namespace Refinery.Kernel.Web;

/// <summary>Who may call an endpoint. The host's token middleware reads it before the body is touched.</summary>
public enum TokenRule
{
    /// <summary>Open unless <c>AUTH_READS=required</c>.</summary>
    Read,

    /// <summary>Needs <c>WORKER_TOKEN</c> when one is set.</summary>
    Write,

    /// <summary>Always open: health and readiness.</summary>
    Open,

    /// <summary>Always needs the Bearer <c>LEVIATHAN_CONTROL_PLANE_TOKEN</c>.</summary>
    Graph,
}

/// <summary>The rule of one endpoint; an endpoint without it is a read.</summary>
public sealed record TokenMetadata(TokenRule Rule);

/// <summary>The verbs by which an endpoint says who may call it.</summary>
public static class TokenRules
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <summary>A write: needs the worker token when one is set.</summary>
        public TBuilder RequireWorkerToken() => builder.WithMetadata(new TokenMetadata(TokenRule.Write));

        /// <summary>Open whatever is set.</summary>
        public TBuilder AllowAnyone() => builder.WithMetadata(new TokenMetadata(TokenRule.Open));

        /// <summary>Needs the graph's Bearer token.</summary>
        public TBuilder RequireGraphToken() => builder.WithMetadata(new TokenMetadata(TokenRule.Graph));
    }
}
