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

    /// <summary>Members that name something: none of the odd names is one.</summary>
    private static readonly string[] Names = ["package", "name", "version", "sha256", "type", "kinds", "applies_to", "timestamp"];

    /// <summary>Members that are a text of any length the body's limit allows, or only looked up.</summary>
    private static readonly string[] Texts = ["action", "content", "detail", "failure_reason", "step_id", "steps"];

    /// <summary>Names elsewhere and here another's words: a pod's version, a foreign producer's digest, what a failure leaves unread.</summary>
    private static readonly string[] Others = ["POST /api/pods/heartbeat version", "POST /v1/events/ingest artifacts.sha256", "POST /api/steps/{stepId}/fail artifacts.kind", "POST /api/steps/{stepId}/fail artifacts.sha256"];

    [Fact]
    public Task Every_example_is_taken() => CheckAsync(operation =>
        operation.Body is null ? [] : [Request(operation, operation.Body["example"]!.ToJsonString(), [200, 201, 202, 404, 502, 503])]);

    [Fact]
    public Task Text_that_is_no_json_is_400() => CheckAsync(operation =>
        operation.Body is null ? [] : NotJson.Where(text => text.Length > 0 || operation.IsBodyRequired).Select(text => Request(operation, text, [400])));

    [Fact]
    public Task Json_of_another_shape_is_400() => CheckAsync(operation =>
        operation.BodySchema?["properties"] is null ? [] : NotObjects.Select(text => Request(operation, text, [400])));

    [Fact]
    public Task A_missing_field_is_400() => CheckAsync(operation => BodyField.Of(operation).Where(field => field.IsRequired).Select(field =>
        Request(operation, field.Changed((at, name) => at.Remove(name)), [400], about: $"{field}")));

    [Fact]
    public Task A_field_of_another_type_is_400() => CheckAsync(operation => BodyField.Of(operation).Where(field => field.Types.Length > 0).Select(field =>
        Request(operation, field.With(field.IsList ? new JsonObject() : new JsonArray(new JsonArray())), [400], about: $"{field}")));

    [Fact]
    public Task Bytes_that_are_no_utf8_are_400() => CheckAsync(operation =>
        from field in BodyField.Of(operation)
        from value in new JsonNode[] { Marker, new JsonObject { ["x"] = Marker }, new JsonObject { [Marker] = 1 } }
        select NotUtf8(operation, field.Changed((at, name) => at[name] = value.DeepClone()), $"{field}"));

    [Fact]
    public Task Null_in_a_list_of_texts_or_objects_is_400() => CheckAsync(operation =>
        from field in BodyField.Of(operation)
        where field.IsList && operation.Document.Resolve(field.Schema["items"])?["type"] is not null
        select Request(operation, field.Changed((at, name) => at[name] = new JsonArray((JsonNode?)null)), [400], about: $"{field}"));

    [Fact]
    public Task An_odd_name_in_a_field_is_400_where_it_names_something_and_10_000_characters_are_400_where_they_are_no_text() => CheckAsync(operation =>
        from field in BodyField.Of(operation)
        where field.IsText || field.IsTexts
        from name in OddNames
        select Request(operation, field.With(name), IsRefused(field, name) ? [400] : null, about: $"{field}"));

    [Fact]
    public Task An_odd_name_in_the_path_is_400_or_unknown() => CheckAsync(operation => operation.Path.Contains('{', StringComparison.Ordinal)
        ? OddSegments.Select(segment => Request(operation, operation.Body?["example"]?.ToJsonString() ?? "{}", Unknown(segment), TypeOf(operation), operation.Fill(segment)))
        : []);

    [Fact]
    public async Task An_odd_parameter_is_400_where_a_number_is_expected_and_no_fault_elsewhere()
    {
        await using var host = await StartAsync();
        await CheckAsync(host, operation => operation.Path.StartsWith("/api/worker", StringComparison.Ordinal) ? [] :
            from parameter in operation.Parameters
            where parameter["in"]!.GetValue<string>() == "query"
            let isNumber = parameter["schema"]!["type"]!.ToJsonString().Contains("integer", StringComparison.Ordinal)
            from value in OddNames.Concat(["-1", "1.5", "99999999999999999999"])
            select Request(operation, "{}", isNumber ? [400] : null, path: $"{operation.Fill()}?{parameter["name"]}={Uri.EscapeDataString(value)}"), writesOnly: false);
    }

    [Fact]
    public Task Another_content_type_is_415() => CheckAsync(operation => operation.Body is null
        ? []
        : [Request(operation, "a=1", [415], type: "application/x-www-form-urlencoded")]);

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
        // What is claimed on the way is not taken back, which would change the books between two looks.
        var host = await RefineryHost.StartAsync([("LOCAL_WORKER", "0"), ("FLEET_Q_LEASE_SEC", "3600"), ("LEVIATHAN_CONTROL_PLANE_TOKEN", "graph-token"), .. settings]);
        host.Http.DefaultRequestHeaders.Authorization = new("Bearer", "graph-token");
        return host;
    }

    private static async Task CheckAsync(RefineryHost host, Func<ApiOperation, IEnumerable<BadRequest>> cases, bool writesOnly = true)
    {
        var operations = (await ApiDocument.ReadAsync(host)).Operations.Where(operation => !writesOnly || operation.Method is "POST" or "PUT");
        var faults = new List<string>();
        string? books = null;
        foreach (var bad in operations.SelectMany(cases))
        {
            books ??= await Books.ReadAsync(host);
            var (status, fault) = await AnsweredAsync(host, bad);
            var before = books;

            // What was taken may have changed them, and the next reads them anew.
            books = status < 400 ? null : await Books.ReadAsync(host);
            fault ??= books is null || books == before ? null : $"refused with {status} and changed the books ({Differences(before, books)})";
            if (fault is not null)
            {
                faults.Add($"{bad.Operation}: {fault} when sent {Short(bad.Sent)}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static string Differences(string before, string after) => string.Join(", ", after.Split('\n').Except(before.Split('\n'), StringComparer.Ordinal));

    private static async Task<(int Status, string? Fault)> AnsweredAsync(RefineryHost host, BadRequest bad)
    {
        var exact = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        bad.Message.RequestUri = new Uri(host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) + bad.Path, in exact);
        try
        {
            // A stream that is taken never ends.
            using var response = await host.Http.SendAsync(bad.Message, HttpCompletionOption.ResponseHeadersRead);
            var status = (int)response.StatusCode;
            return (status, bad.Expected is { } expected && !expected.Contains(status)
                ? $"answered {status}, not {string.Join(" or ", expected)}"
                : status < 400 ? null : ErrorFault(status, await response.Content.ReadAsStringAsync()));
        }
        catch (HttpRequestException fault)
        {
            return (0, $"gave no answer ({fault.Message})");
        }
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
        ApiOperation operation, string body, int[]? expected, string type = "application/json", string? path = null, string? about = null)
    {
        var content = new ByteArrayContent(body == "\xff" ? [0xff, 0xfe] : Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return new BadRequest(operation, new HttpRequestMessage(new HttpMethod(operation.Method), (Uri?)null) { Content = content }, path ?? operation.Fill(), expected, $"{about} {path} {body}");
    }

    /// <summary>A log's text may hold any bytes; what stands beside it may not.</summary>
    private static BadRequest NotUtf8(ApiOperation operation, string json, string about)
    {
        var expected = operation.Path.StartsWith("/api/logs", StringComparison.Ordinal) ? (int[]?)null : [400];
        var bad = Request(operation, json, expected, about: about);
        bad.Message.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(json.Replace(Marker, "a\u00ffb", StringComparison.Ordinal)));
        bad.Message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return bad;
    }

    private static BadRequest Huge(ApiOperation operation, JsonElement limits)
    {
        var own = limits.GetProperty("body_bytes_by_route");
        var limit = own.TryGetProperty(operation.ToString(), out var bytes) ? bytes.GetInt64() : limits.GetProperty("body_bytes").GetInt64();
        var type = TypeOf(operation);
        var huge = Request(operation, string.Empty, [413], type);
        huge.Message.Content = new ByteArrayContent(new byte[limit + 1]);
        huge.Message.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return huge with { Sent = $"{limit + 1} bytes" };
    }

    private static string TypeOf(ApiOperation operation) => operation.Json["requestBody"]?["content"]?.AsObject().First().Key ?? "application/json";

    /// <summary>Dots lead away to another path before any route is asked.</summary>
    private static int[] Unknown(string segment) => segment == "%2e%2e" ? [400, 404, 405] : [400, 404];

    /// <summary>The kind of a step may be two dots.</summary>
    private static bool IsRefused(BodyField field, string name) =>
        !Others.Contains($"{field.Operation} {field}", StringComparer.Ordinal)
        && (Names.Contains(field.Name, StringComparer.Ordinal)
            ? field.Name is not ("kinds" or "type") || name != ".."
            : name.Length > 1000 && !Texts.Contains(field.Name, StringComparer.Ordinal));

    private static string Short(string text) => text.Length > 200 ? text[..200] + "…" : text;

    /// <summary>One wrong request and the status it must have; without one, any refusal or a whole acceptance is right.</summary>
    private sealed record BadRequest(ApiOperation Operation, HttpRequestMessage Message, string Path, int[]? Expected, string Sent);
}
