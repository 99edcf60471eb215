using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refinery.Tests.Host;

/// <summary>No write, whatever is sent to it, answers anything but its errors' one body, fails, or leaves a trace of what it refused.</summary>
public sealed class BadInputTests
{
    private static readonly string[] NotJson = ["", "{\"a\": ", "{]", "\u0001", "{\"a\":1}{", "{'a':1}", "\xff"];
    private static readonly string[] NotObjects = ["12", "\"text\"", "true", "null", "[12]", "[null]", "[\"text\"]", "[[]]"];
    private static readonly string[] OddNames = ["..", "../../etc/passwd", "a/b", "a%2Fb", "a\0b", new('x', 10_000), "", " ", "\ud83d\ude00", "<script>"];
    private const string Marker = "MARKER";
    private static readonly string[] OddSegments = ["%2F", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%0Ab", new('x', 10_000), "%F0%9F%98%80", "%20"];

    [Fact]
    public Task Text_that_is_no_json_is_400() => CheckAsync(operation =>
        operation.Body is null ? [] : NotJson.Where(text => text.Length > 0 || operation.IsBodyRequired).Select(text => Request(operation, text, HttpStatusCode.BadRequest)));

    [Fact]
    public Task Json_of_another_shape_is_400() => CheckAsync(operation =>
        operation.BodySchema?["properties"] is null ? [] : NotObjects.Select(text => Request(operation, text, HttpStatusCode.BadRequest)));

    [Fact]
    public Task A_missing_field_is_400() => CheckAsync(operation => Required(operation).Select(field =>
        Request(operation, Changed(operation, example => example.Remove(field)), HttpStatusCode.BadRequest, about: field)));

    [Fact]
    public Task A_field_of_another_type_is_400() => CheckAsync(operation => Typed(operation).Select(field =>
        Request(operation, Changed(operation, example => example[field.Key] = Other(operation.Document.Resolve(field.Value)!)), HttpStatusCode.BadRequest, about: field.Key)));

    [Fact]
    public Task Bytes_that_are_no_utf8_are_400() => CheckAsync(operation =>
        from field in operation.BodySchema?["properties"]?.AsObject() ?? []
        from value in new JsonNode[] { Marker, new JsonObject { ["x"] = Marker }, new JsonObject { [Marker] = 1 } }
        select NotUtf8(operation, Changed(operation, example => example[field.Key] = value.DeepClone()), field.Key));

    [Fact]
    public Task Null_in_a_list_is_refused_whole_or_taken_whole() => CheckAsync(operation =>
        from field in Typed(operation)
        where Types(operation.Document.Resolve(field.Value)!).Contains("array", StringComparer.Ordinal)
        select Request(operation, Changed(operation, example => example[field.Key] = new JsonArray((JsonNode?)null)), expected: null, about: field.Key));

    [Fact]
    public Task An_odd_name_in_a_field_is_refused_whole_or_taken_whole() => CheckAsync(operation =>
        from field in Typed(operation)
        where AllowsText(operation.Document.Resolve(field.Value)!)
        from name in OddNames
        select Request(operation, Changed(operation, example => example[field.Key] = name), expected: null, about: field.Key));

    [Fact]
    public Task An_odd_name_in_the_path_is_refused() => CheckAsync(operation => operation.Path.Contains('{', StringComparison.Ordinal)
        ? OddSegments.Select(segment => Request(operation, operation.Body?["example"]?.ToJsonString() ?? "{}", expected: null, path: operation.Fill(segment)))
        : []);

    [Fact]
    public Task Another_content_type_is_415() => CheckAsync(operation => operation.Body is null
        ? []
        : [Request(operation, "a=1", HttpStatusCode.UnsupportedMediaType, type: "application/x-www-form-urlencoded")]);

    [Fact]
    public async Task A_huge_body_is_413()
    {
        await using var host = await StartAsync(("ARTIFACT_MAX_MB", "1"));
        var limits = (await host.GetAsync("/api/config")).GetProperty("limits");
        await CheckAsync(host, operation => operation.Json["requestBody"] is null ? [] : [Huge(operation, limits)]);
    }

    private static async Task CheckAsync(Func<ApiOperation, IEnumerable<BadRequest>> cases)
    {
        await using var host = await StartAsync();
        await CheckAsync(host, cases);
    }

    /// <summary>A host that lets the caller in everywhere.</summary>
    private static async Task<RefineryHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var host = await RefineryHost.StartAsync([("LOCAL_WORKER", "0"), ("LEVIATHAN_CONTROL_PLANE_TOKEN", "graph-token"), .. settings]);
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", "graph-token");
        return host;
    }

    private static async Task CheckAsync(RefineryHost host, Func<ApiOperation, IEnumerable<BadRequest>> cases)
    {
        var writes = (await ApiDocument.ReadAsync(host)).Operations.Where(operation => operation.Method is "POST" or "PUT");
        var faults = new List<string>();
        foreach (var bad in writes.SelectMany(cases))
        {
            if (await AnsweredAsync(host, bad) is { } fault)
            {
                faults.Add($"{bad.Operation}: {fault} when sent {Short(bad.Sent)}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static async Task<string?> AnsweredAsync(RefineryHost host, BadRequest bad)
    {
        try
        {
            return await FaultAsync(host, bad);
        }
        catch (HttpRequestException fault)
        {
            return $"gave no answer ({fault.Message})";
        }
    }

    private static async Task<string?> FaultAsync(RefineryHost host, BadRequest bad)
    {
        var before = await Books.CountAsync(host);
        var exact = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        bad.Message.RequestUri = new Uri(host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) + bad.Path, in exact);
        using var response = await host.Http.SendAsync(bad.Message);
        var text = await response.Content.ReadAsStringAsync();
        var status = (int)response.StatusCode;
        if (bad.Expected is { } expected && response.StatusCode != expected)
        {
            return $"answered {status} {Short(text)}";
        }

        if (status < 400)
        {
            return null;
        }

        return ErrorFault(status, text) ?? (await Books.CountAsync(host) == before ? null : $"refused with {status} and changed the books");
    }

    private static string? ErrorFault(int status, string text)
    {
        if (status is 500)
        {
            return $"failed: {Short(text)}";
        }

        try
        {
            var body = JsonDocument.Parse(text).RootElement;
            string[] members = ["error", "detail", "error_type", "timestamp", "path", "correlation_id"];
            return members.All(member => body.GetProperty(member).GetString() is { Length: > 0 }) && body.GetProperty("detail").GetString()!.Length < 1000
                ? null
                : $"answered {status} with an odd error body {Short(text)}";
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"answered {status} without the error body: {Short(text)}";
        }
    }

    private static BadRequest Request(
        ApiOperation operation, string body, HttpStatusCode? expected, string type = "application/json", string? path = null, string? about = null)
    {
        var content = new ByteArrayContent(body == "\xff" ? [0xff, 0xfe] : Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return new BadRequest(operation, new HttpRequestMessage(new HttpMethod(operation.Method), (Uri?)null) { Content = content }, path ?? operation.Fill(), expected, $"{about} {path} {body}");
    }

    /// <summary>A log's text may hold any bytes; what stands beside it may not.</summary>
    private static BadRequest NotUtf8(ApiOperation operation, string json, string about)
    {
        var expected = operation.Path.StartsWith("/api/logs", StringComparison.Ordinal) ? (HttpStatusCode?)null : HttpStatusCode.BadRequest;
        var bad = Request(operation, json, expected, about: about);
        bad.Message.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(json.Replace(Marker, "a\u00ffb", StringComparison.Ordinal)));
        bad.Message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return bad;
    }

    private static BadRequest Huge(ApiOperation operation, JsonElement limits)
    {
        var own = limits.GetProperty("body_bytes_by_route");
        var limit = own.TryGetProperty(operation.ToString(), out var bytes) ? bytes.GetInt64() : limits.GetProperty("body_bytes").GetInt64();
        var type = operation.Json["requestBody"]!["content"]!.AsObject().First().Key;
        var huge = Request(operation, string.Empty, HttpStatusCode.RequestEntityTooLarge, type);
        huge.Message.Content = new ByteArrayContent(new byte[limit + 1]);
        huge.Message.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return huge with { Sent = $"{limit + 1} bytes" };
    }

    private static IEnumerable<string> Required(ApiOperation operation) =>
        (operation.BodySchema?["required"]?.AsArray() ?? []).Select(name => name!.GetValue<string>());

    /// <summary>The members whose type is known.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Typed(ApiOperation operation) =>
        (operation.BodySchema?["properties"]?.AsObject() ?? []).Where(field => operation.Document.Resolve(field.Value)?["type"] is not null);

    private static string Changed(ApiOperation operation, Action<JsonObject> change)
    {
        var example = operation.Body!["example"]!.DeepClone();
        change(example is JsonArray list ? list[0]!.AsObject() : example.AsObject());
        return example.ToJsonString();
    }

    private static bool AllowsText(JsonObject schema) => Types(schema).Contains("string", StringComparer.Ordinal);

    private static string[] Types(JsonObject schema) =>
        schema["type"] is JsonArray several ? [.. several.Select(type => type!.GetValue<string>())] : [schema["type"]!.GetValue<string>()];

    /// <summary>A value of a type the schema does not allow; instants are numbers too, so text fields get an array.</summary>
    private static JsonNode Other(JsonObject schema) => Types(schema).Contains("array", StringComparer.Ordinal) ? 12 : new JsonArray(new JsonArray());

    private static string Short(string text) => text.Length > 200 ? text[..200] + "…" : text;

    /// <summary>One wrong request and the status it must have; without one, any refusal or a whole acceptance is right.</summary>
    private sealed record BadRequest(ApiOperation Operation, HttpRequestMessage Message, string Path, HttpStatusCode? Expected, string Sent);
}
