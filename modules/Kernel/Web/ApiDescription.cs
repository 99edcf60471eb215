using Microsoft.AspNetCore.Builder;

namespace Refinery.Kernel.Web;

/// <summary>A query parameter that an endpoint reads by itself, for the API's description.</summary>
/// <param name="Name">As it stands in the query.</param>
/// <param name="Type"><c>string</c>, <c>integer</c> or <c>boolean</c>.</param>
/// <param name="Description">One sentence: what it does, its default, its range.</param>
/// <param name="Example">A value as it would be written in a query; null when the description says enough.</param>
public sealed record QueryParameter(string Name, string Type, string Description, string? Example);

/// <summary>What an endpoint takes and answers, for the API's description; where it is absent an example is made from the types.</summary>
/// <param name="Request">JSON, or null.</param>
/// <param name="Answer">JSON, or null.</param>
public sealed record ApiExample(string? Request, string? Answer);

/// <summary>The verbs by which an endpoint describes what its signature does not show.</summary>
public static class ApiDescriptions
{
    extension<TBuilder>(TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        /// <summary>Reads this parameter from the query.</summary>
        public TBuilder WithQuery(string name, string description, string? example = null, string type = "string") =>
            builder.WithMetadata(new QueryParameter(name, type, description, example));

        /// <summary>Reads <c>limit</c> and <c>offset</c> as <see cref="Page.Read"/> does.</summary>
        public TBuilder WithPaging(int defaultLimit = Page.DefaultLimit, int maximum = Page.MaximumLimit) => builder
            .WithMetadata(new QueryParameter("limit", "integer", $"How many items at most; default {defaultLimit}, more than {maximum} counts as {maximum}.", $"{defaultLimit}"))
            .WithMetadata(new QueryParameter("offset", "integer", "How many items to pass over; default 0.", "0"));

        /// <summary>Shows this request and this answer, as JSON.</summary>
        public TBuilder WithExample(string? request = null, string? answer = null) => builder.WithMetadata(new ApiExample(request, answer));
    }
}
