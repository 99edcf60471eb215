using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Spec;

/// <summary>What docs/spec shows is what the host does.</summary>
public sealed class ExampleTests
{
    private const string GraphToken = "spec-token";

    public static TheoryData<string> Pages => new(SpecPage.Names);

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_served_example_of_a_page_is_answered_as_documented(string page)
    {
        await using var host = await RefineryHost.StartAsync(("LEVIATHAN_CONTROL_PLANE_TOKEN", GraphToken));
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        var faults = new List<string>();

        foreach (var example in SpecPage.Read(page).Where(example => !NotServedYet.Requests.Contains(example.Request)))
        {
            faults.AddRange((await RunAsync(host.Http, example, ids)).Select(fault => $"{example.Place} {example.Request}: {fault}"));
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    [Fact]
    public async Task What_is_not_served_yet_is_documented_and_really_not_there()
    {
        await using var host = await RefineryHost.StartAsync(("LEVIATHAN_CONTROL_PLANE_TOKEN", GraphToken));
        var documented = SpecPage.Names.SelectMany(SpecPage.Read).Select(example => example.Request).ToHashSet(StringComparer.Ordinal);

        var served = new List<string>();
        foreach (var request in NotServedYet.Requests)
        {
            Assert.Contains(request, documented);
            if (!await IsNowhereAsync(host.Http, request))
            {
                served.Add(request);
            }
        }

        Assert.True(served.Count == 0, $"Served now, so take them off the list in NotServedYet.cs: {string.Join(", ", served)}");
    }

    private static async Task<IReadOnlyList<string>> RunAsync(HttpClient http, SpecExample example, Dictionary<string, string> ids)
    {
        var (status, text) = await SendAsync(http, example.Method, Real(example.Path, ids), example.Body is { } body ? Real(body, ids) : null);
        if ((int)status != example.Status)
        {
            return [$"answered {(int)status}, documented as {example.Status}: {text}"];
        }

        var answer = JsonDocument.Parse(text).RootElement.Clone();
        foreach (var (documented, actual) in DocumentedShape.Ids(example.Answer, answer))
        {
            ids.TryAdd(documented, actual);
        }

        return [.. DocumentedShape.Differences(JsonElement.Parse(Real(example.Answer.GetRawText(), ids)), answer)];
    }

    private static async Task<bool> IsNowhereAsync(HttpClient http, string request)
    {
        var words = request.Split(' ');
        var (status, text) = await SendAsync(http, words[0], words[1], words[0] == "GET" ? null : "{}");
        return status == HttpStatusCode.NotFound && text.Contains("There is no", StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpClient http, string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GraphToken);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static string Real(string text, Dictionary<string, string> ids) =>
        ids.Aggregate(text, (current, id) => current.Replace(id.Key, id.Value, StringComparison.Ordinal));
}
