using System.Text.Json;

namespace Refinery.Tests.Spec;

/// <summary>One request of a page of docs/spec and the answer the page promises.</summary>
internal sealed record SpecExample(string Place, string Method, string Path, string? Body, int Status, JsonElement Answer)
{
    /// <summary>The request as the list of what is not served yet names it.</summary>
    public string Request => $"{Method} {Path.Split('?')[0]}";
}
