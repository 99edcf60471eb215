using Microsoft.AspNetCore.Http;

namespace Refinery.Kernel.Web;

/// <summary>Reads the query as its endpoint describes it, so that nothing is read that the API's description does not tell.</summary>
public static class QueryReading
{
    extension(HttpRequest request)
    {
        /// <summary>A parameter of the query.</summary>
        /// <param name="name">As it stands in the query; the endpoint names it by <c>WithQuery</c>, <c>WithPaging</c> or <c>WithLimit</c>.</param>
        /// <returns>Null when it is absent; several of one name are joined by commas.</returns>
        /// <exception cref="InvalidOperationException">The endpoint does not describe it.</exception>
        public string? QueryText(string name)
        {
            var described = request.HttpContext.GetEndpoint()?.Metadata.GetOrderedMetadata<QueryParameter>() ?? [];
            if (!described.Any(parameter => parameter.Name == name))
            {
                throw new InvalidOperationException($"{request.Path} reads the parameter '{name}' and does not describe it.");
            }

            return request.Query.TryGetValue(name, out var values) ? values.ToString() : null;
        }
    }
}
