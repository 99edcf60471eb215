using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Host.Web;

/// <summary>Lets the pages of CORS_ORIGINS call from a browser, and no others.</summary>
internal static class Cors
{
    private const string Anyone = "*";

    public static void AddCorsByAllowList(this IServiceCollection services)
    {
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<HostOptions>>((cors, host) => cors.AddDefaultPolicy(policy => Allow(policy, host.Value)));
    }

    /// <summary>Why an entry of the list is no origin, in one sentence; null when it is one.</summary>
    public static string? Fault(string origin) =>
        origin == Anyone || (Uri.TryCreate(origin, UriKind.Absolute, out var url) && url.GetLeftPart(UriPartial.Authority).Equals(origin, StringComparison.OrdinalIgnoreCase))
            ? null
            : $"CORS_ORIGINS holds {Errors.Quote(origin)}; origins such as https://ui.example.org, separated by blanks, are expected.";

    /// <summary>Named origins may send the cookie; with <c>*</c> nobody may.</summary>
    private static void Allow(CorsPolicyBuilder policy, HostOptions host)
    {
        var origins = host.AllowedOrigins;
        policy.WithMethods("GET", "HEAD", "POST", "PUT", "DELETE")
            .WithHeaders("Content-Type", "Accept", "Authorization", "X-Worker-Token", "X-Correlation-ID", "X-Requested-With", "Idempotency-Key", "Last-Event-ID", "Range")
            .WithExposedHeaders("X-Correlation-ID", "X-Total-Count", "X-Next-Cursor", "ETag", "Location", "Retry-After")
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10));
        if (origins.Contains(Anyone, StringComparer.Ordinal))
        {
            policy.AllowAnyOrigin();
            return;
        }

        policy.WithOrigins([.. origins]).AllowCredentials();
    }
}
