using Microsoft.AspNetCore.Builder;

namespace Refinery.Kernel.Web;

/// <summary>A query parameter that an endpoint reads by itself, for the API's description.</summary>
/// <param name="Name">As it stands in the query.</param>
/// <param name="Type"><c>string</c>, <c>integer</c> or <c>boolean</c>.</param>
/// <param name="Description">One sentence: what it does, its default, its range.</param>
/// <param name="Example">A value as it would be written in a query; null when the description says enough.</param>
public sealed record QueryParameter(string Name, string Type, string Description, string? Example);

/// <summary>How an endpoint pages: the name, the default and the maximum of its limit, and whether it takes an offset.</summary>
internal sealed record Paging(string LimitName, int DefaultLimit, int Maximum, bool HasOffset);

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
        /// <summary>Takes this parameter; <see cref="QueryReading"/> reads no other.</summary>
        public TBuilder WithQuery(string name, string description, string? example = null, string type = "string") =>
            builder.WithMetadata(new QueryParameter(name, type, description, example));

        /// <summary>Takes <c>limit</c> and <c>offset</c>; <see cref="Page.Read"/> reads them by these bounds.</summary>
        public TBuilder WithPaging(int defaultLimit = Page.DefaultLimit, int maximum = Page.MaximumLimit) => builder
            .WithPaging(new Paging("limit", defaultLimit, maximum, HasOffset: true))
            .WithQuery("offset", "How many items to pass over; default 0.", "0", "integer");

        /// <summary>Takes <c>limit</c>, or what is called so here, and no offset; <see cref="Page.Read"/> reads it by these bounds.</summary>
        public TBuilder WithLimit(int defaultLimit = Page.DefaultLimit, int maximum = Page.MaximumLimit, string name = "limit") =>
            builder.WithPaging(new Paging(name, defaultLimit, maximum, HasOffset: false));

        private TBuilder WithPaging(Paging paging) => builder.WithMetadata(paging).WithQuery(
            paging.LimitName,
            $"How many items at most; default {paging.DefaultLimit}, more than {paging.Maximum} counts as {paging.Maximum}.",
            $"{paging.DefaultLimit}",
            "integer");

        /// <summary>Shows this request and this answer, as JSON.</summary>
        public TBuilder WithExample(string? request = null, string? answer = null) => builder.WithMetadata(new ApiExample(request, answer));
    }
}
