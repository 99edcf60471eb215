using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Refinery.Tests.Host;

/// <summary>The description at /openapi/v1.json is complete: every route, its parameters, its answers, its errors, its examples.</summary>
public sealed class ApiDescriptionTests
{
    /// <summary>What stands where nobody gave a member a word.</summary>
    private static readonly string[] Fillers = ["\"text\"", "{}"];

    [Fact]
    public async Task Every_route_is_described()
    {
        await using var host = await RefineryHost.StartAsync();
        var described = (await ApiDocument.ReadAsync(host)).Operations.Select(operation => operation.ToString()).ToHashSet(StringComparer.Ordinal);

        var routes = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText?.StartsWith("/openapi", StringComparison.Ordinal) == false)
            .SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(method => $"{method} /{route.RoutePattern.RawText!.Trim('/')}"));

        // HEAD is GET without its body, and described by it.
        Assert.Empty(routes.Where(route => !route.StartsWith("HEAD ", StringComparison.Ordinal)).Except(described, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_and_shows_what_it_takes_and_answers()
    {
        await using var host = await RefineryHost.StartAsync();
        var document = await ApiDocument.ReadAsync(host);

        var faults = document.Operations.SelectMany(operation => Faults(operation).Select(fault => $"{operation}: {fault}"));

        Assert.StartsWith("3.1.", document.Version, StringComparison.Ordinal);
        Assert.Equal(string.Empty, string.Join('\n', faults));
    }

    [Fact]
    public async Task Every_operation_has_a_name_of_its_own()
    {
        await using var host = await RefineryHost.StartAsync();
        var document = await ApiDocument.ReadAsync(host);

        var names = document.Operations.Select(operation => operation.Json["operationId"]?.GetValue<string>()).ToList();

        Assert.DoesNotContain(null, names);
        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Every_example_of_an_answer_is_one_that_could_be_given()
    {
        await using var host = await RefineryHost.StartAsync();
        var document = await ApiDocument.ReadAsync(host);
        var examples = document.Operations
            .SelectMany(operation => operation.Answers.Where(answer => answer.Key[0] == '2').SelectMany(answer => Contents(answer.Value)), (operation, content) => (operation, Example: content["example"]))
            .Where(shown => shown.Example is JsonObject or JsonArray)
            .ToList();

        Assert.Empty(examples.Where(shown => Fillers.Any(filler => shown.Example!.ToJsonString().Contains(filler, StringComparison.Ordinal))).Select(shown => $"{shown.operation}: {shown.Example!.ToJsonString()}"));
        foreach (var path in (string[])["/api/health", "/healthz", "/api/ready"])
        {
            var shown = examples.Single(example => example.operation.ToString() == $"GET {path}").Example!;
            Assert.Equal((await host.GetAsync(path)).GetRawText(), shown.ToJsonString());
        }
    }

    private static IEnumerable<string> Faults(ApiOperation operation)
    {
        if (operation.Json["summary"] is null)
        {
            yield return "no summary";
        }

        foreach (var parameter in operation.Parameters.Where(parameter => parameter["schema"] is null || parameter["example"] is null))
        {
            yield return $"the parameter {parameter["name"]} has no schema or no example";
        }

        if (!operation.Answers.Any(answer => answer.Key[0] == '2' && Contents(answer.Value).Any(content => content["schema"] is not null)))
        {
            yield return "no answer has a schema";
        }

        if (!operation.Answers.Any(answer => answer.Key[0] is '4' or '5' && Contents(answer.Value).Any(IsError)))
        {
            yield return "no error answer";
        }

        if (operation.Answers.Any(answer => answer.Key[0] == '2' && Contents(answer.Value).Any(content => content["example"] is null)))
        {
            yield return "an answer has no example";
        }

        if (operation.Json["requestBody"]?["content"]?.AsObject().Any(content => content.Value!["example"] is null) == true)
        {
            yield return "the request has no example";
        }
    }

    private static IEnumerable<JsonObject> Contents(JsonNode? answer) =>
        (answer?["content"]?.AsObject() ?? []).Select(content => content.Value!.AsObject());

    private static bool IsError(JsonObject content) => content["schema"]?["$ref"]?.GetValue<string>() == "#/components/schemas/ErrorBody";
}
